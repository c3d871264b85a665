import { describe, expect, test } from 'vitest'
import { testDetections } from '#detection'

const { tested, broken } = await testDetections(['policies', 'rules'], () => true)

test('every shipped detection loads', () => {
  expect(broken).toEqual([])
  expect(tested.filter(({ detection }) => detection.kind === 'policy')).toHaveLength(11)
  expect(tested.filter(({ detection }) => detection.kind === 'rule')).toHaveLength(6)
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
