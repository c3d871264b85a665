import { setTimeout as wait } from 'node:timers/promises'
import * as cloudtrail from '@aws-sdk/client-cloudtrail'
import * as s3 from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore } from '#store'
import { aFolder, aPolicy, type Folder } from '../detection/world.ts'
import { freshPGlite, freshStore } from '../support/database.ts'
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import { accountId, arnOf, idOf, region, startGroups, type Groups } from '../support/groups-server.ts'
import { startInnerLine, type InnerLine } from '../support/inner-line.ts'
import { credentialsOf, needMoto, startMoto, type Moto } from '../support/moto.ts'
import { aRecord } from '../support/records.ts'
import { until } from '../support/until.ts'

// What is judged again though the resource itself did not change: another one did, or time passed. And how often a storm is looked at.

const title = 'a policy that looks another resource up'

describe.runIf(needMoto(title))(title, { timeout: 60_000 }, () => {
  const bucket = 'audit-log'
  const trail = { accountId, region, type: 'AWS.CloudTrail', id: `arn:aws:cloudtrail:${region}:${accountId}:trail/main` }
  const all = { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true }
  let moto: Moto
  let line: InnerLine
  let client: s3.S3Client

  beforeAll(async () => {
    moto = await startMoto()
    const own = { endpoint: moto.endpoint, region, credentials: await credentialsOf(moto.endpoint, accountId) }
    client = new s3.S3Client({ ...own, forcePathStyle: true })
    await client.send(new s3.CreateBucketCommand({ Bucket: bucket }))
    await client.send(new s3.PutPublicAccessBlockCommand({ Bucket: bucket, PublicAccessBlockConfiguration: all }))
    const trails = new cloudtrail.CloudTrailClient(own)
    await trails.send(new cloudtrail.CreateTrailCommand({ Name: 'main', S3BucketName: bucket }))
    trails.destroy()
    line = await startInnerLine({
      endpoint: moto.endpoint,
      accounts: [{ id: accountId, regions: [region] }],
      types: ['AWS.CloudTrail', 'AWS.S3.Bucket'],
      folders: ['policies/aws/cloudtrail'],
      workers: ['refresh', 'judge', 'scan'],
    })
    await until('the first scan', async () => (await line.store.scans.running()) === 0, 60_000)
  }, 120_000)
  afterAll(async () => {
    client.destroy()
    await line[Symbol.asyncDispose]()
    await moto.stop()
  })

  const open = async () =>
    (await line.findingsOf(trail)).find(
      ({ detectionId, status }) => detectionId === 'AWS.CloudTrail.BucketPublic' && status === 'open',
    )
  const call = (name: string): Promise<void> =>
    line.send(aRecord({ account: accountId, source: 's3.amazonaws.com', name, request: { bucketName: bucket } }))

  test('is asked again when that one changes, and whoever changed it is named', async () => {
    expect(await open()).toBeUndefined()
    await client.send(new s3.DeletePublicAccessBlockCommand({ Bucket: bucket }))
    await call('DeleteBucketPublicAccessBlock')
    const finding = await until('the finding on the trail', async () => (await open()) ?? null)
    expect(finding).toMatchObject({
      origin: 'change',
      causes: [{ name: 'DeleteBucketPublicAccessBlock', actor: { name: 'mallory' } }],
    })
    expect(finding.differences[0]?.path).toMatch(/^arn:aws:s3:::audit-log PublicAccessBlockConfiguration/u)
    const told = await until('the alert', async () => {
      const contents = await line.told()
      return contents.find((content) => content.kind === 'finding' && content.place.resourceId === trail.id) ?? null
    })
    expect(told).toMatchObject({ cause: { name: 'DeleteBucketPublicAccessBlock' }, origin: 'change' })
  })

  test('is asked again when that one is repaired', async () => {
    await client.send(new s3.PutPublicAccessBlockCommand({ Bucket: bucket, PublicAccessBlockConfiguration: all }))
    await call('PutBucketPublicAccessBlock')
    await until('the end', async () => (await open()) === undefined)
    const [finding] = await line.findingsOf(trail)
    expect(finding).toMatchObject({ status: 'resolved' })
  })
})

describe('resources that nobody touches', { timeout: 60_000 }, () => {
  const type = 'AWS.EC2.SecurityGroup'
  const ref = { accountId, region, type, id: arnOf(1) }
  const accounts = [{ id: accountId, regions: [region] }]
  const current = { fingerprints: new Map<string, string>(), otherwise: 'another' }
  let aws: Groups
  let proxy: FaultProxy
  const describes = (): number => proxy.seen.filter(({ body }) => body.includes(idOf(1))).length

  beforeAll(async () => {
    aws = await startGroups()
    aws.count = 3
    proxy = await startFaultProxy(aws.endpoint)
  })
  afterAll(async () => {
    await proxy.stop()
    aws.stop()
  })

  test('are judged when the time comes that a policy named, without a look, and told in one summary', async () => {
    const pglite = await freshPGlite()
    await using store = await openStore({ pglite })
    // Later than the first scan takes; the database's clock is then put forward, past the least time between two such judgements.
    const end = Date.now() + 15_000
    const soon = aPolicy('Soon', `return { result: Date.now() < ${end}, validUntil: new Date(${end}).toISOString() }`)
    await using folder = await aFolder({ 'soon.ts': soon.replace('AWS.S3.Bucket', type) })
    const options = { endpoint: proxy.endpoint, accounts, types: [type], folders: [folder.path], store }
    await using line = await startInnerLine({ ...options, workers: ['refresh', 'judge', 'scan'] })
    await until('the first scan', async () => (await store.scans.running()) === 0)
    expect(await line.findingsOf(ref)).toEqual([])
    const looks = proxy.seen.length
    await until('the end of what the policy said', () => Date.now() > end)
    await pglite.exec(`create or replace function tripline_now() returns timestamptz language sql volatile
      as $$ select clock_timestamp() + interval '2 minutes' $$`)
    const told = await until('the summary', async () => {
      const contents = await line.told()
      return contents.length > 0 ? contents : null
    })
    expect(told).toMatchObject([{ kind: 'summary', origin: 'time', total: 3 }])
    expect(await line.findingsOf(ref)).toMatchObject([{ origin: 'time', causes: [], status: 'open' }])
    expect(proxy.seen.length).toBe(looks)
  })

  test('of a type that is watched no more are judged once, and then left alone', async () => {
    await using store = await freshStore()
    const options = { endpoint: proxy.endpoint, accounts, folders: ['policies/aws/ec2'], store }
    {
      await using before = await startInnerLine({ ...options, types: [type], workers: ['refresh', 'scan'] })
      await until('the first scan', async () => (await before.store.scans.running()) === 0)
    }
    await using line = await startInnerLine({ ...options, types: ['AWS.KMS.Key'], workers: ['judge'] })
    const otherwise = line.parts.evaluator.fingerprint('')
    await until('the last judgement', async () => (await store.states.get(ref))?.evaluatedWith === otherwise)
    const { judgedAt } = (await store.states.get(ref)) ?? {}
    expect(await store.states.due(10, 1, { ...current, otherwise })).toEqual([])
    expect((await store.states.get(ref))?.judgedAt).toEqual(judgedAt)
  })

  test('or are touched a hundred times in a row cost a look a second, and one after the last event', async () => {
    await using line = await startInnerLine({ endpoint: proxy.endpoint, accounts, types: [type], folders: ['policies/aws/ec2'] })
    const request = { groupId: idOf(1) }
    const call = { account: accountId, source: 'ec2.amazonaws.com', name: 'AuthorizeSecurityGroupIngress', request }
    const before = describes()
    const startedAt = performance.now()
    for (let index = 0; index < 100; index += 1) {
      if (index === 99) aws.open(1)
      await line.send(aRecord(call))
      await wait(30)
    }
    await until('the finding of the last event', async () => (await line.findingsOf(ref)).length > 0)
    await until('the last look', async () => (await line.store.marks.waiting()).every(({ count }) => count === 0))
    const seconds = (performance.now() - startedAt) / 1_000
    expect(describes() - before).toBeLessThanOrEqual(Math.ceil(seconds) + 1)
    expect(await line.findingsOf(ref)).toMatchObject([{ status: 'open', epoch: 1 }])
  })
})

describe('a new resource that fails', { timeout: 60_000 }, () => {
  const type = 'AWS.EC2.SecurityGroup'
  const open = aPolicy('Open', `return !JSON.stringify(resource.IpPermissions).includes('0.0.0.0/0')`, {
    slots: 'graceSeconds: 4,',
  })
  let aws: Groups
  let folder: Folder
  let line: InnerLine

  beforeAll(async () => {
    aws = await startGroups()
    folder = await aFolder({ 'open.ts': open.replace('AWS.S3.Bucket', type) })
    const accounts = [{ id: accountId, regions: [region] }]
    line = await startInnerLine({
      endpoint: aws.endpoint,
      accounts,
      types: [type],
      folders: [folder.path],
      workers: ['refresh', 'judge'],
    })
  })
  afterAll(async () => {
    await line[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
    aws.stop()
  })

  const ec2 = (name: string, who: string, request: Record<string, unknown>, response: Record<string, unknown> | null = null) => {
    const userIdentity = { type: 'IAMUser', accountId, arn: `arn:aws:iam::${accountId}:user/${who}`, userName: who }
    return line.send(aRecord({ account: accountId, source: 'ec2.amazonaws.com', name, request, response, extra: { userIdentity } }))
  }
  const create = (index: number): Promise<void> =>
    ec2('CreateSecurityGroup', 'builder', { groupName: `group-${index}` }, { groupId: idOf(index) })
  const findings = (index: number) => line.findingsOf({ accountId, region, type, id: arnOf(index) })
  const known = (index: number) => async () => (await line.store.states.find(arnOf(index), 1)).length > 0

  test('is told once its grace is over, with who made it so and not who touched it last', async () => {
    aws.count = 1
    await create(0)
    await until('the state', known(0))
    aws.open(0)
    await ec2('AuthorizeSecurityGroupIngress', 'mallory', { groupId: idOf(0) })
    await until(
      'the open port',
      async () => (await line.store.versions.list({ accountId, region, type, id: arnOf(0) }, 9)).length === 2,
    )
    await ec2('UpdateSecurityGroupRuleDescriptionsIngress', 'tagger', { groupId: idOf(0) })
    expect(await findings(0)).toEqual([])
    const [finding] = await until('the finding', async () => {
      const found = await findings(0)
      return found.length > 0 ? found : null
    })
    expect(finding).toMatchObject({
      origin: 'change',
      causes: [{ name: 'AuthorizeSecurityGroupIngress', actor: { name: 'mallory' } }],
    })
    expect(finding?.differences.map(({ path }) => path.split(/[.[]/u)[0])).toEqual(['IpPermissions'])
    expect(await line.told()).toMatchObject([{ kind: 'finding', cause: { actor: { name: 'mallory' } }, essential: true }])
  })

  test('and did so from the beginning is told with who created it', async () => {
    aws.count = 2
    aws.open(1)
    await create(1)
    const [finding] = await until('the finding', async () => {
      const found = await findings(1)
      return found.length > 0 ? found : null
    })
    expect(finding).toMatchObject({
      origin: 'change',
      differences: [],
      causes: [{ name: 'CreateSecurityGroup', actor: { name: 'builder' } }],
    })
    expect(finding?.openedAt.getTime()).toBeGreaterThan(Date.parse(finding?.causes[0]?.receivedAt ?? '') + 3_500)
    expect(await line.told()).toMatchObject([{ kind: 'finding', cause: { actor: { name: 'builder' } } }])
    expect(await findings(1)).toHaveLength(1)
  })
})

test('a resource that one change makes fail in another way has its first finding superseded, and not called resolved', async () => {
  const type = 'AWS.EC2.SecurityGroup'
  const cidr = `return [{ key: String(resource.IpPermissions[0].IpRanges[0].CidrIp), title: 'From ' + resource.IpPermissions[0].IpRanges[0].CidrIp }]`
  await using folder = await aFolder({
    'cidr.ts': aPolicy('Cidr', cidr, { slots: 'graceSeconds: 0,' }).replace('AWS.S3.Bucket', type),
  })
  const aws = await startGroups()
  aws.count = 1
  const accounts = [{ id: accountId, regions: [region] }]
  const line = await startInnerLine({ endpoint: aws.endpoint, accounts, types: [type], folders: [folder.path] })
  const request = { groupId: idOf(0) }
  const change = () =>
    line.send(aRecord({ account: accountId, source: 'ec2.amazonaws.com', name: 'AuthorizeSecurityGroupIngress', request }))
  const findings = () => line.findingsOf({ accountId, region, type, id: arnOf(0) })
  await change()
  await until('the first finding', async () => (await findings()).length === 1)
  aws.open(0)
  await change()
  await until('the second finding', async () => (await findings()).length === 2)
  expect(await findings()).toMatchObject([
    { status: 'open', key: '0.0.0.0/0' },
    { status: 'resolved', key: '10.0.0.0/8' },
  ])
  expect(await line.told()).toContainEqual(
    expect.objectContaining({
      title: 'From 10.0.0.0/8',
      ended: expect.objectContaining({ how: 'superseded', instead: 'From 0.0.0.0/0' }),
    }),
  )
  await line[Symbol.asyncDispose]()
  aws.stop()
}, 60_000)

describe('who is blamed', { timeout: 60_000 }, () => {
  const type = 'AWS.EC2.SecurityGroup'
  const ref = { accountId, region, type, id: arnOf(0) }
  const always = (id: string) => aPolicy(id, 'return false', { slots: 'graceSeconds: 0,' }).replace('AWS.S3.Bucket', type)
  const anHourAgo = () => new Date(Date.now() - 3_600_000)
  let aws: Groups
  beforeAll(async () => {
    aws = await startGroups()
    aws.count = 1
  })
  afterAll(() => aws.stop())

  const call = (name: string, time?: Date): Record<string, unknown> => {
    const given = { account: accountId, source: 'ec2.amazonaws.com', name, request: { groupId: idOf(0) } }
    return aRecord(time === undefined ? given : { ...given, time })
  }
  const start = (folder: Folder, store?: InnerLine['store']): Promise<InnerLine> => {
    const own = { endpoint: aws.endpoint, accounts: [{ id: accountId, regions: [region] }], types: [type], folders: [folder.path] }
    return startInnerLine(store === undefined ? own : { ...own, store })
  }

  test('for what a new detection finds is nobody who only came by', async () => {
    await using store = await freshStore()
    await using before = await aFolder({ 'a.ts': aPolicy('Fine', 'return true').replace('AWS.S3.Bucket', type) })
    {
      await using line = await start(before, store)
      await line.send(call('AuthorizeSecurityGroupIngress'))
      await until('the state', async () => (await store.states.get(ref)) !== null)
    }
    await using after = await aFolder({ 'b.ts': always('New') })
    await using line = await start(after, store)
    await line.send(call('AuthorizeSecurityGroupIngress', anHourAgo()))
    const [finding] = await until('the finding', async () => {
      const found = await line.findingsOf(ref)
      return found.length > 0 ? found : null
    })
    expect(finding).toMatchObject({ origin: 'detection', causes: [] })
    expect(await line.told()).toEqual([])
  })

  test('for a resource that came back unseen is nobody, but it is told at once', async () => {
    await using folder = await aFolder({ 'a.ts': always('Always') })
    await using line = await start(folder)
    await line.send(call('AuthorizeSecurityGroupIngress'))
    await until('the first finding', async () => (await line.findingsOf(ref)).length === 1)
    aws.remove(0)
    await line.send(call('DeleteSecurityGroup'))
    await until('its end', async () => (await line.store.states.get(ref))?.gone === true)
    await line.told()
    aws.close()
    await line.store.marks.wish([{ ref, class: 'scan', expectation: null, scanId: null, delayMs: 0 }])
    const findings = await until('the second finding', async () => {
      const found = await line.findingsOf(ref)
      return found.length === 2 ? found : null
    })
    expect(findings[0]).toMatchObject({ origin: 'change', status: 'open', causes: [] })
    expect(await line.told()).toMatchObject([{ kind: 'finding', origin: 'change', cause: null }])
  })

  test('for what shows only long after its event is whoever did it, since it is looked for once more', async () => {
    await using folder = await aFolder({ 'a.ts': always('Always') })
    await using line = await start(folder)
    await line.send(call('AuthorizeSecurityGroupIngress'))
    await until('the state', async () => (await line.store.states.get(ref)) !== null)
    // Before the state was read, so that it may have been shown already.
    await line.send(call('AuthorizeSecurityGroupIngress', anHourAgo()))
    const rechecks = async () => (await line.store.marks.waiting()).find((each) => each.class === 'recheck')?.count
    await until('another look', async () => (await rechecks()) === 1)
  })
})
