import { describe, expect, test } from 'vitest'
import { testDetections } from '#detection'
import routeTableModified from '../../rules/aws/ec2/route-table-modified.ts'
import { readDefinition } from '../../services/detection/definition.ts'

const from = { file: 'test.ts', fingerprint: 'f' }
const { tested, broken } = await testDetections(['policies', 'rules'], () => true)

test('every shipped detection loads', () => {
  expect(broken).toEqual([])
  expect(tested.filter(({ detection }) => detection.kind === 'policy')).toHaveLength(11)
  expect(tested.filter(({ detection }) => detection.kind === 'rule')).toHaveLength(14)
})

test('an association of a route table is not called a table', () => {
  const title = (record: object): unknown =>
    (readDefinition(routeTableModified, from).wording.title as (given: object) => string)(record)
  const [associationId, routeTableId] = ['rtbassoc-1', 'rtb-1']
  expect(title({ eventName: 'DisassociateRouteTable', requestParameters: { associationId } })).toMatch(
    /^The association rtbassoc-1 of a route table with its subnet was modified/u,
  )
  expect(title({ eventName: 'ReplaceRouteTableAssociation', requestParameters: { associationId, routeTableId } })).toMatch(
    /^Route table rtb-1 was modified/u,
  )
})

describe.each(tested.map((each) => [each.detection.id, each] as const))('%s', (_, { detection, tests }) => {
  test('says why it matters and what to do', () => {
    expect(detection.runbook).not.toBeNull()
    expect(detection.reference).toMatch(/^https:/u)
    expect(detection.tags).toContain('AWS')
  })

  test('has tests that fire and tests that stay silent', () => {
    expect(new Set(tests.map(({ alerts }) => alerts)).size).toBe(2)
  })

  test.each(tests.map((each) => [each.name, each] as const))('%s', (__, { passed, message }) => {
    expect({ passed, message }).toEqual({ passed: true, message: null })
  })
})
