import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AlertContent } from '#model'
import { beginScan, createIntake, createListener, runGaps } from '#pipeline'
import { createEventPages, createTrailWatch } from '#enrichment'
import { createSessions } from '#aws'
import { openStore, type Store } from '#store'
import { watchSilence } from '../../services/pipeline/gaps.ts'
import { emptyAccount, type Account, type SecurityGroup } from '../../services/processes/demo/account.ts'
import { startAwsServer, type AwsServer } from '../../services/processes/demo/aws-server.ts'
import { freshPGlite } from '../support/database.ts'
import { startInnerLine, type InnerLine } from '../support/inner-line.ts'
import { aRecord } from '../support/records.ts'
import { until } from '../support/until.ts'

// Accounts and regions in which security groups change all the time, on a clock of our own. One in twenty events is lost, ten minutes
// of everything are, and then the rule of one region is gone. What is lost is in CloudTrail's event history all the same.

const whole = process.env['TRIPLINE_JOURNEYS'] === 'whole'
const size = whole ? { accounts: 4, groups: 40, share: 1, perMinute: 3 } : { accounts: 2, groups: 6, share: 0.25, perMinute: 1 }
const regions = whole ? ['us-east-1', 'eu-west-1', 'ap-south-1'] : ['us-east-1', 'eu-west-1']
const everyMinutes = 15
const outage = { from: 34, until: 44 }
const gone = { from: 62, until: 128, region: 'eu-west-1' }
const end = 160
const type = 'AWS.EC2.SecurityGroup'
const rule = 'tripline-heartbeat'
const feed = { trails: [], rules: [], buses: [], queues: [], topics: [], buckets: [], roles: [] }
let began = 0
const at = (minute: number, second = 0): Date => new Date(began + minute * 60_000 + second * 1_000)
const minuteOf = (time: Date | null): number => (time === null ? Number.NaN : (time.getTime() - began) / 60_000)

/** Numbers from 0 to 1, the same at every run. */
let seed = 20_261_121
function random(): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return seed / 2 ** 32
}

const accounts = Array.from({ length: size.accounts }, (_, index): Account => {
  const id = String(111_111_111_111 * (index + 1))
  const groups = regions.flatMap((region) => Array.from({ length: size.groups }, (__, number) => aGroup(region, number)))
  return {
    ...emptyAccount(id, `account-${id[0]}`),
    auditRole: { name: 'audit', externalId: 'x-1' },
    securityGroups: groups,
    history: [],
  }
})
const watched = accounts.map(({ id }) => ({ id, regions }))
const [victim] = accounts
let aws: AwsServer
let store: Store
let line: InnerLine
let setClock: (minute: number, second?: number) => Promise<void>
let runClock: () => Promise<void>
let listener: ReturnType<typeof createListener>
let gaps: Promise<void> | undefined
let startGaps: () => void
const stop = new AbortController()
const told: AlertContent[] = []
const counts = { events: 0, lost: 0 }
let flaggedAt = Number.NaN

function aGroup(region: string, number: number): SecurityGroup {
  const groupId = `sg-${region.length.toString(16)}${number.toString(16).padStart(16, '0')}`
  const common = {
    groupName: `group-${number}`,
    groupDescription: 'd',
    vpcId: 'vpc-0123456789abcdef0',
    ipPermissionsEgress: [],
    tagSet: [],
  }
  return { region, groupId, ...common, ipPermissions: [] }
}
const arnOf = (account: Account, { region, groupId }: SecurityGroup): string =>
  `arn:aws:ec2:${region}:${account.id}:security-group/${groupId}`

beforeAll(async () => {
  aws = await startAwsServer({ accounts })
  const pglite = await freshPGlite()
  store = await openStore({ pglite })
  setClock = async (minute, second = 0) =>
    void (await pglite.exec(`create or replace function tripline_now() returns timestamptz language sql volatile
      as $$ select to_timestamp(${at(minute, second).getTime() / 1_000}) $$`))
  runClock = async () =>
    void (await pglite.exec(`create or replace function tripline_now() returns timestamptz language sql volatile
      as $$ select clock_timestamp() + interval '${at(end).getTime() - Date.now() + 60_000} milliseconds' $$`))
  line = await startInnerLine({
    endpoint: aws.endpoint,
    accounts: watched,
    types: [type],
    folders: ['policies/aws/ec2'],
    workers: ['refresh', 'scan'],
    store,
  })
  await until('the first scan', async () => (await store.scans.running()) === 0, 300_000)
  began = Math.ceil(Date.now() / 60_000) * 60_000
  await line.told()
  const sessions = createSessions({
    roleName: 'audit',
    externalId: 'x-1',
    endpoint: aws.endpoint,
    credentials: { accessKeyId: 'testing', secretAccessKey: 'testing', sessionToken: 'testing' },
  })
  const parts = { ...line.parts, pages: createEventPages({ sessions }), trails: createTrailWatch({ sessions }) }
  listener = createListener({ ...parts, accounts: watched, feed, rule }, { freshMs: everyMinutes * 60_000 })
  startGaps = () => {
    gaps = runGaps(parts, { ...options, pollMs: 250 }, stop.signal)
  }
}, 400_000)
afterAll(async () => {
  stop.abort()
  await gaps
  await line[Symbol.asyncDispose]()
  await store[Symbol.asyncDispose]()
  await aws.stop()
})

const options = {
  accounts: watched,
  feed,
  heartbeats: {
    everyMs: everyMinutes * 60_000,
    expected: accounts.flatMap(({ id }) => regions.map((region) => ({ accountId: id, region }))),
  },
  sources: ['queue'],
  settleMs: everyMinutes * 60_000,
  pollMs: 1_000,
}

/** Somebody opens or closes a group; CloudTrail remembers it. */
function change(account: Account, region: string, minute: number): string {
  const isOut = minute >= outage.from && minute < outage.until
  // What changes in the outage is touched at no other time: no later event shows it by chance.
  const own = account.securityGroups.filter((each, index) => each.region === region && (index % 3 === 0) === isOut)
  const group = own[Math.floor(random() * own.length)]
  if (group === undefined) throw new Error('no group')
  const opens = group.ipPermissions.length === 0
  const anyone = { ipProtocol: 'tcp', fromPort: 22, toPort: 22, ipRanges: [{ cidrIp: '0.0.0.0/0' }], ipv6Ranges: [], groups: [] }
  group.ipPermissions = opens ? [anyone] : []
  const name = opens ? 'AuthorizeSecurityGroupIngress' : 'RevokeSecurityGroupIngress'
  const time = at(minute, Math.floor(random() * 50))
  const call = { account: account.id, region, source: 'ec2.amazonaws.com', name, time, request: { groupId: group.groupId } }
  const record = JSON.stringify(aRecord(call))
  account.history?.push({ region, time, record })
  return record
}

function aBeat(account: Account, region: string, minute: number): string {
  const resources = [`arn:aws:events:${region}:${account.id}:rule/${rule}`]
  const time = at(minute, 1).toISOString()
  return JSON.stringify({
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: account.id,
    region,
    time,
    resources,
    detail: {},
  })
}

/** What of a minute arrives: everything but what is lost. */
function arrived(minute: number): string[] {
  const bodies: string[] = []
  for (const account of accounts) {
    for (const region of regions) {
      const isVictim = account === victim && region === gone.region
      const isGone = isVictim && minute >= gone.from && minute < gone.until
      const isOut = minute >= outage.from && minute < outage.until
      // Near its ends the region is busy, so that the ends can be told to the minute.
      const busy = isVictim && [gone.from, gone.until].some((edge) => Math.abs(edge - minute) <= 2)
      for (let each = 0; each < (busy ? Math.max(2, size.perMinute) : size.perMinute); each += 1) {
        if (!busy && random() > size.share) continue
        const body = change(account, region, minute)
        counts.events += 1
        if (isGone || isOut || random() < 0.05) counts.lost += 1
        else bodies.push(body)
      }
      if (minute % everyMinutes === 0 && !isGone && !isOut) bodies.push(aBeat(account, region, minute))
    }
  }
  return bodies
}

/** Groups of which something else is known than what they are. */
async function differences(): Promise<readonly string[]> {
  const wrong: string[] = []
  for (const account of accounts) {
    for (const group of account.securityGroups) {
      const id = arnOf(account, group)
      const state = await store.states.get({ accountId: account.id, region: group.region, type, id })
      if (state === null || JSON.stringify(state.attributes).includes('0.0.0.0/0') !== group.ipPermissions.length > 0)
        wrong.push(id)
    }
  }
  return wrong
}

test(
  'the silent region is flagged by its second missing heartbeat, to the account, region and minute',
  { timeout: 900_000 },
  async () => {
    const handle = listener.around('queue', createIntake({ ...line.parts, source: 'queue' }), { signs: true })
    for (let minute = 0; minute <= end; minute += 1) {
      await setClock(minute, 59)
      const bodies = arrived(minute)
      const again = await handle(bodies.map((body, index) => ({ id: String(index), body, receivedAt: new Date() })))
      expect(again.size).toBe(0)
      await listener.flush([{ name: 'queue' }])
      await watchSilence(line.parts, options)
      line.parts.bells.refresh.ring()
      if (Number.isNaN(flaggedAt) && (await store.gaps.list(1)).length > 0) flaggedAt = minute
    }
    await runClock()
    startGaps()
    // Due at 75 and at 90, and two minutes of patience.
    expect(flaggedAt).toBeGreaterThanOrEqual(90)
    expect(flaggedAt).toBeLessThanOrEqual(92)
    const found = await store.gaps.list(10)
    expect(found).toMatchObject([{ accountId: victim?.id, region: gone.region, cause: 'silent' }])
    const [{ from, until: over } = { from: null, until: null }] = found
    expect(Math.abs(minuteOf(from) - gone.from)).toBeLessThanOrEqual(1)
    expect(Math.abs(minuteOf(over) - gone.until)).toBeLessThanOrEqual(1)
  },
)

test(
  'what the event history has of the gap goes through intake once, and the operators hear of the beginning and the end',
  { timeout: 900_000 },
  async () => {
    const [gap] = await store.gaps.list(1)
    if (gap?.until === undefined || gap.until === null) throw new Error('no gap that is over')
    const missed = (victim?.history ?? []).filter(
      ({ region, time }) => region === gone.region && time >= gap.from && time <= (gap.until ?? time),
    )
    const notes = async (): Promise<readonly AlertContent[]> => {
      told.push(...(await line.told()))
      return told.filter(({ kind }) => kind === 'note')
    }
    await until('the end to be told', async () => (await notes()).length >= 2, 600_000)
    const [filled] = await store.gaps.list(1)
    // A slice begins in the second in which the one before ended.
    expect(filled?.fill).toBe('done')
    expect(filled?.read).toBeGreaterThanOrEqual(missed.length)
    expect(filled?.read).toBeLessThanOrEqual(missed.length + 3)
    expect((filled?.touched ?? 0) + (filled?.known ?? 0)).toBe(filled?.read)
    expect(filled?.known).toBeLessThan(size.perMinute * 4 + 4)
    expect((await notes()).map((note) => (note.kind === 'note' ? note.title : ''))).toEqual([
      `Nothing is heard of ${victim?.id} ${gone.region}`,
      `The gap of ${victim?.id} ${gone.region} is over`,
    ])
    const scans = await store.scans.progress(filled?.scans ?? [])
    expect(scans.map(({ accountId, kind }) => [accountId, kind])).toEqual([
      [victim?.id, 'gap'],
      [victim?.id, 'gap'],
    ])
  },
)

test('the day’s scan finds every other difference', { timeout: 900_000 }, async () => {
  // What came and was not seen in time is waited for a minute and more.
  const idle = async (): Promise<boolean> => (await store.marks.waiting()).every(({ count }) => count === 0)
  if (whole) await until('all that is known to be looked at', idle, 600_000)
  const before = await differences()
  for (const account of watched) await beginScan(line.parts, account, { kind: 'daily', key: 'today' })
  line.parts.bells.scan.ring()
  if (whole) await until('the scans', async () => (await store.scans.running()) === 0, 600_000)
  await until('every difference to be found', async () => (await differences()).length === 0, whole ? 600_000 : 10_000)
  process.stderr.write(
    `${JSON.stringify({ ...counts, flaggedAt, differencesBeforeTheScan: before.length, differencesAfter: 0 })}\n`,
  )
  expect(before.length).toBeGreaterThan(0)
})
