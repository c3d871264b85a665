import { afterAll, beforeAll, expect, test } from 'vitest'
import { aJudgement, aLook, aState } from '../contracts/store-builders.ts'
import { aFindingEnvelope, aGuardDutyFinding } from '../support/findings.ts'
import { startInnerLine, type InnerLine } from '../support/inner-line.ts'

const account = '111122223333'
const ref = {
  accountId: account,
  region: 'us-east-1',
  type: 'AWS.EC2.Instance',
  id: `arn:aws:ec2:us-east-1:${account}:instance/i-0b1d2f3a4b5c6d7e8`,
}
const guard = { source: 'aws.guardduty', type: 'GuardDuty Finding', account }
let line: InnerLine

beforeAll(async () => {
  // AWS is not asked: what is noted waits to be looked at.
  line = await startInnerLine({
    endpoint: 'http://127.0.0.1:9',
    accounts: [{ id: account, regions: ['us-east-1'] }],
    types: ['AWS.EC2.Instance', 'AWS.S3.Bucket'],
    folders: ['rules/aws/findings'],
    workers: [],
    teams: [{ id: 'pay', channel: 'pay', owns: { tags: [{ key: 'team', value: 'pay' }], groups: [], accounts: [], ous: [] } }],
  })
  const attributes = { Name: 'till', Tags: { team: 'pay' } }
  await line.store.states.put(aState(1, { ...ref, attributes }), aJudgement(1), aLook({ eventId: ref.id }))
})
afterAll(() => line[Symbol.asyncDispose]())

test('a finding of GuardDuty is told to who owns the machine, once, however often it comes; and the machine is looked at', async () => {
  const first = aFindingEnvelope({ ...guard, detail: aGuardDutyFinding(account) })
  await line.send(first)
  await line.send(first)
  const [leased, ...more] = await line.store.deliveries.lease(10, 30_000)
  expect(more).toEqual([])
  expect(leased?.to).toMatchObject({ channel: 'pay', team: 'pay' })
  expect(leased?.content).toMatchObject({
    kind: 'finding',
    detection: { id: 'AWS.GuardDuty.HighSeverity' },
    severity: 'HIGH',
    title: 'GuardDuty: 198.51.100.0 is performing SSH brute force attacks against i-0b1d2f3a4b5c6d7e8.',
    place: { accountId: account, resourceType: 'AWS.EC2.Instance', resourceId: ref.id, resourceName: 'till' },
    cause: { name: 'UnauthorizedAccess:EC2/SSHBruteForce', actor: { name: 'Amazon GuardDuty' } },
    count: 1,
  })
  if (leased !== undefined) await line.store.deliveries.sent(leased, { ts: '1' })
  expect(await line.store.marks.lease(10, 10_000)).toMatchObject([{ ref, class: 'recheck', expectations: [] }])

  // Hours later it goes on.
  const service = { archived: false, count: 40 }
  const more40 = aGuardDutyFinding(account, { updatedAt: '2026-11-21T16:05:00.000Z', service })
  await line.send(aFindingEnvelope({ ...guard, detail: more40 }))
  const findings = await line.store.findings.list({ detectionId: 'AWS.GuardDuty.HighSeverity' }, 10)
  expect(findings.map(({ count, status }) => [count, status])).toEqual([[2, 'open']])
  expect((await line.told()).filter(({ kind }) => kind === 'finding')).toEqual([])
})

test('what an account says of another is in quarantine, and nothing is told', async () => {
  await line.send(aFindingEnvelope({ ...guard, account: '999900001111', detail: aGuardDutyFinding(account, { id: 'other' }) }))
  const [row] = await line.store.quarantine.list(5)
  expect(row).toMatchObject({ reason: 'account-mismatch' })
  expect(await line.store.findings.list({ detectionId: 'AWS.GuardDuty.HighSeverity' }, 10)).toHaveLength(1)
})
