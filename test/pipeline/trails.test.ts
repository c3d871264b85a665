import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSessions } from '#aws'
import { createTrailWatch } from '#enrichment'
import { checkTrails } from '../../services/pipeline/trails.ts'
import { emptyAccount, type Account, type Trail } from '../../services/processes/demo/account.ts'
import { startAwsServer, type AwsServer } from '../../services/processes/demo/aws-server.ts'
import { startInnerLine, type InnerLine } from '../support/inner-line.ts'

const regions = ['us-east-1', 'eu-west-1']
const ago = (hours: number): number => Math.floor(Date.now() / 1_000 - hours * 3_600)
const aTrail = (Name: string, more: Partial<Trail> = {}): Trail => ({
  HomeRegion: 'us-east-1',
  Name,
  S3BucketName: 'logs',
  IsMultiRegionTrail: true,
  LogFileValidationEnabled: true,
  status: { IsLogging: true, StartLoggingTime: ago(900), LatestDeliveryTime: ago(1) },
  selectors: [],
  tags: [],
  ...more,
})

let aws: AwsServer
let line: InnerLine
let account: Account
beforeAll(async () => {
  account = { ...emptyAccount('111111111111', 'shop'), auditRole: { name: 'audit', externalId: 'x-1' } }
  aws = await startAwsServer({ accounts: [account] })
  line = await startInnerLine({
    endpoint: aws.endpoint,
    accounts: [{ id: account.id, regions }],
    types: ['AWS.CloudTrail'],
    folders: ['rules/aws/cloudtrail'],
    workers: [],
  })
})
afterAll(async () => {
  await line[Symbol.asyncDispose]()
  await aws.stop()
})

/** What the operators are told of the account's trails as they are. */
async function told(trails: readonly Trail[], patterns: readonly string[] = ['*']): Promise<readonly string[]> {
  account.trails = [...trails]
  const credentials = { accessKeyId: 'testing', secretAccessKey: 'testing', sessionToken: 'testing' }
  const sessions = createSessions({ roleName: 'audit', externalId: 'x-1', endpoint: aws.endpoint, credentials })
  const parts = { ...line.parts, trails: createTrailWatch({ sessions }) }
  const options = { accounts: [{ id: account.id, regions }], feed: { trails: patterns } }
  await checkTrails(parts, options, new AbortController().signal)
  return (await line.told()).flatMap((content) => (content.kind === 'note' ? [content.title] : []))
}
const stopped = (hours: number): Trail['status'] => ({ IsLogging: false, StartLoggingTime: ago(900), StopLoggingTime: ago(hours) })
const nameOf = (trail: string): string => `Trail ${trail} of account 111111111111 (111111111111)`

test('a trail that does not record, or brings nothing, is told once, and once more when it is well', async () => {
  const quiet = aTrail('quiet', { status: { IsLogging: true, StartLoggingTime: ago(900), LatestDeliveryTime: ago(25) } })
  const fresh = aTrail('fresh', { status: { IsLogging: true, StartLoggingTime: ago(2) } })
  expect(await told([aTrail('main'), quiet, fresh])).toEqual([`${nameOf('quiet')}: it has delivered nothing for a day`])
  expect(await told([aTrail('main'), quiet, fresh])).toEqual([])
  expect(await told([aTrail('main'), aTrail('quiet'), fresh])).toEqual([`${nameOf('quiet')} is well again`])
  expect(await told([quiet], [])).toEqual([])
  expect(await told([quiet], ['organization-*'])).toEqual([])
})

test('a trail that was stopped leaves a gap in the regions that no other records, from the moment that AWS names', async () => {
  const elsewhere = aTrail('europe', { HomeRegion: 'eu-west-1', IsMultiRegionTrail: false })
  const main = aTrail('main', { status: stopped(3) })
  expect(await told([main, elsewhere])).toEqual([`${nameOf('main')}: it is stopped`])
  const gaps = await line.store.gaps.list(10)
  expect(gaps).toMatchObject([{ accountId: account.id, region: 'us-east-1', cause: 'logging-stopped', until: null }])
  expect(gaps[0]?.from).toEqual(new Date((main.status.StopLoggingTime ?? 0) * 1_000))
  await told([main, elsewhere])
  expect(await line.store.gaps.list(10)).toHaveLength(1)
  // Stopped long ago is how it is meant.
  expect(await told([aTrail('old', { status: stopped(15 * 24) })])).toEqual([`${nameOf('old')}: it is stopped`])
  expect(await line.store.gaps.list(10)).toHaveLength(1)
})

test('what cannot be asked is no problem of a trail', async () => {
  const undo = aws.refuse({ action: 'GetTrailStatus' }, 'denied')
  expect(await told([aTrail('main', { status: stopped(1) })])).toEqual([])
  undo()
})
