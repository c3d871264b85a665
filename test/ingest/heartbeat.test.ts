import { expect, test } from 'vitest'
import { decode, type Trust } from '#ingest'

const account = '111122223333'
const now = Date.parse('2026-11-21T12:00:30Z')
const trust: Trust = { accounts: [account], regions: null, times: 'checked' }
const aBeat = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  version: '0',
  id: '53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa',
  'detail-type': 'Scheduled Event',
  source: 'aws.events',
  account,
  time: '2026-11-21T12:00:00Z',
  region: 'eu-west-1',
  resources: [`arn:aws:events:eu-west-1:${account}:rule/tripline-heartbeat`],
  detail: {},
  ...more,
})
const read = (body: unknown) => decode(JSON.stringify(body), trust, undefined, { now })

test('a scheduled event is a heartbeat of its account and region, and no event', () => {
  const heartbeat = { accountId: account, region: 'eu-west-1', time: new Date('2026-11-21T12:00:00Z'), rule: 'tripline-heartbeat' }
  expect(read(aBeat())).toEqual({ events: [], rejected: [], heartbeats: [heartbeat] })
  const ofBus = [`arn:aws:events:eu-west-1:${account}:rule/security/tripline-heartbeat`]
  expect(read([aBeat({ resources: ofBus }), aBeat()])).toEqual({ events: [], rejected: [], heartbeats: [heartbeat, heartbeat] })
})

test.each([
  ['unknown-account', 'of an account that is not registered', { account: '999988887777' }],
  ['unknown-source', 'that EventBridge did not send', { source: 'custom.events' }],
  ['region-not-allowed', 'of no region', { region: 'eu-west-1.evil.example' }],
  [
    'account-mismatch',
    'whose rule is of another account',
    { resources: ['arn:aws:events:eu-west-1:444455556666:rule/tripline-heartbeat'] },
  ],
  [
    'account-mismatch',
    'whose rule is of another region',
    { resources: [`arn:aws:events:us-east-1:${account}:rule/tripline-heartbeat`] },
  ],
  ['not-an-event', 'of no rule', { resources: [] }],
  ['not-an-event', 'that carries something', { detail: { eventName: 'DeleteBucket' } }],
  ['not-an-event', 'of no time', { time: 'noon' }],
  ['time-out-of-range', 'of another month', { time: '2026-10-01T00:00:00Z' }],
] as const)('%s: a scheduled event %s is no heartbeat', (reason, _, more) => {
  const { events, rejected, heartbeats } = read(aBeat(more))
  expect({ events, reasons: rejected.map((each) => each.reason), heartbeats }).toEqual({
    events: [],
    reasons: [reason],
    heartbeats: undefined,
  })
})
