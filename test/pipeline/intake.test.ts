import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Message } from '#ingest'
import { createIntake, retryQuarantined } from '#pipeline'
import { startInnerLine, type InnerLine } from '../support/inner-line.ts'
import { aRecord } from '../support/records.ts'

const [shop, bank] = ['111111111111', '222222222222'] as const
let line: InnerLine

beforeAll(async () => {
  // AWS is not asked: what is noted waits to be fetched.
  line = await startInnerLine({
    endpoint: 'http://127.0.0.1:9',
    accounts: [shop, bank].map((id) => ({ id, regions: ['eu-west-1'] })),
    types: ['AWS.S3.Bucket'],
    folders: ['rules'],
    workers: [],
  })
})
afterAll(() => line[Symbol.asyncDispose]())

const aMessage = (record: object, more: Partial<Message> = {}): Message => ({
  id: 'topic/0/7',
  body: JSON.stringify(record),
  receivedAt: new Date(),
  ...more,
})
const only = { accounts: [shop], by: 'topic shop' }

async function quarantined(reason: string): Promise<readonly string[]> {
  return (await line.store.quarantine.list(50)).filter((row) => row.reason === reason).map(({ detail }) => detail)
}

test('what came by a way that is bound to accounts may speak of no other, whether it has an effect or not', async () => {
  const intake = createIntake({ ...line.parts, source: 'kafka' })
  const quiet = { source: 'kms.amazonaws.com', name: 'ListAliases', region: 'eu-west-1' }
  const loud = { source: 's3.amazonaws.com', name: 'DeleteBucket', region: 'eu-west-1', request: { bucketName: 'ledger' } }
  const before = line.facts.get('events touched') ?? 0
  await intake([aMessage(aRecord({ ...quiet, account: bank }), { only })])
  await intake([aMessage({ Records: [aRecord({ ...loud, account: bank }), aRecord({ ...loud, account: shop })] }, { only })])
  const words = `topic shop: given an event of account ${bank}; allowed: ${shop}`
  expect(await quarantined('account-mismatch')).toEqual([words, words])
  expect((line.facts.get('events touched') ?? 0) - before).toBe(1)

  // Nor when somebody tries it again.
  for (const row of await line.store.quarantine.list(50)) {
    expect(await retryQuarantined(line.parts, row)).toEqual({ outcome: 'kept', why: `account-mismatch: ${words}` })
  }
  expect((line.facts.get('events touched') ?? 0) - before).toBe(1)
})

test('what fails for a reason of its own is quarantined at its fifth try, where its source has nowhere to put it', async () => {
  const broken = () => {
    throw new TypeError('touches cannot read this')
  }
  const intake = createIntake({ ...line.parts, touches: broken, source: 'kafka' })
  const record = aRecord({ source: 's3.amazonaws.com', name: 'DeleteBucket', account: shop, request: { bucketName: 'ledger' } })
  await expect(intake([aMessage(record)])).rejects.toThrow('touches cannot read this')
  await expect(intake([aMessage(record, { attempt: 4 })])).rejects.toThrow('touches cannot read this')
  expect(await quarantined('handling-failed')).toEqual([])
  expect(await intake([aMessage(record, { attempt: 5 })])).toEqual(new Set())
  expect(await quarantined('handling-failed')).toEqual(['topic/0/7 failed 5 times: TypeError: touches cannot read this'])
})
