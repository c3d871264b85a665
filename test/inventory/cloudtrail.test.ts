import * as cloudtrail from '@aws-sdk/client-cloudtrail'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { diff, type JsonObject } from '#model'
import { needMoto } from '../support/moto.ts'
import { deviations, gaps, shapes } from './conforms.ts'
import { readExample } from './examples.ts'
import { onlyRegions } from './few-regions.ts'
import { one, openStand, two, type Stand } from './stand.ts'

const type = 'AWS.CloudTrail'
const meta = 'AWS.CloudTrail.Meta'
const metaId = `${one}::${meta}`
const denied = { kind: 'error', code: 'AccessDeniedException', status: 400 } as const

test.each([type, meta])('the example of %s has every field', (each) => {
  const example = readExample(each)
  expect(deviations(shapes[each], example)).toEqual([])
  expect(gaps(example)).toEqual(each === type ? ['TimeCreated'] : ['Tags', 'TimeCreated'])
})

describe.runIf(needMoto('trails against moto'))('trails against moto', { timeout: 60_000 }, () => {
  let stand: Stand
  beforeAll(async () => {
    stand = await openStand()
    // Moto's first answer in an account takes long.
    await stand.options(two)
    const s3 = new S3Client({ ...(await stand.options(one, 'us-east-1')), forcePathStyle: true })
    await s3.send(new CreateBucketCommand({ Bucket: 'trails' }))
    await (await trails()).send(new cloudtrail.DescribeTrailsCommand({}))
  }, 120_000)
  beforeEach(() => {
    stand.proxy.clear()
    onlyRegions(stand.proxy, 'eu-west-1', 'us-east-1', 'ap-southeast-2', 'eu-north-1')
  })
  afterAll(() => stand[Symbol.asyncDispose]())

  const trails = async (region = 'eu-west-1') => new cloudtrail.CloudTrailClient(await stand.options(one, region))
  async function make(Name: string, IsMultiRegionTrail: boolean, region = 'eu-west-1'): Promise<string> {
    const command = new cloudtrail.CreateTrailCommand({ Name, S3BucketName: 'trails', IsMultiRegionTrail })
    return (await (await trails(region)).send(command)).TrailARN ?? ''
  }
  async function together(): Promise<JsonObject> {
    const fetched = await stand.fetch(meta, metaId)
    if (fetched.status === 'gone') throw new Error('the trails are gone')
    expect(deviations(shapes[meta], fetched.attributes)).toEqual([])
    expect(fetched.attributes).toMatchObject({
      AccountId: one,
      Region: 'global',
      ResourceId: metaId,
      ResourceType: meta,
      Name: meta,
    })
    return fetched.attributes
  }

  test('an account without trails says so', async () => {
    expect(await stand.list(meta)).toEqual([metaId])
    expect(await together()).toMatchObject({ Trails: [], GlobalEventSelectors: null, GlobalAdvancedEventSelectors: null })
  })

  test('all trails are named, each once, those of one region too; only what logs in every region selects', async () => {
    const everywhere = await make('everywhere', true)
    const local = await make('local', false, 'ap-southeast-2')
    const silent = await make('silent', true, 'us-east-1')
    expect(await together()).toMatchObject({ Trails: [local, everywhere, silent], GlobalEventSelectors: null })
    await (await trails()).send(new cloudtrail.StartLoggingCommand({ Name: 'everywhere' }))
    await (await trails('ap-southeast-2')).send(new cloudtrail.StartLoggingCommand({ Name: 'local' }))
    const EventSelectors = [
      {
        ReadWriteType: 'WriteOnly' as const,
        IncludeManagementEvents: true,
        DataResources: [{ Type: 'AWS::S3::Object', Values: ['arn:aws:s3'] }],
        ExcludeManagementEventSources: [],
      },
    ]
    await (await trails()).send(new cloudtrail.PutEventSelectorsCommand({ TrailName: 'everywhere', EventSelectors }))
    expect(await together()).toMatchObject({
      GlobalEventSelectors: [
        { ReadWriteType: 'WriteOnly', DataResources: [{ Type: 'AWS::S3::Object' }], ExcludeManagementEventSources: null },
      ],
    })
    expect(await stand.fetch(meta, metaId, two)).toEqual({ status: 'gone' })
    expect(await stand.fetch(meta, `${two}::${meta}`, two)).toMatchObject({ attributes: { Trails: [] } })
  })

  test('advanced selectors show on the trail and in all together', async () => {
    const id = `arn:aws:cloudtrail:eu-west-1:${one}:trail/everywhere`
    const before = await stand.attributes(type, id)
    const AdvancedEventSelectors = [{ Name: 'all', FieldSelectors: [{ Field: 'eventCategory', Equals: ['Management'] }] }]
    await (await trails()).send(new cloudtrail.PutEventSelectorsCommand({ TrailName: 'everywhere', AdvancedEventSelectors }))
    const after = await stand.attributes(type, id)
    expect(after).toMatchObject({ AdvancedEventSelectors, TrailARN: id })
    expect(diff(before, after).map(({ path }) => path)).toContain('AdvancedEventSelectors')
    expect(await together()).toMatchObject({ GlobalAdvancedEventSelectors: AdvancedEventSelectors })
  })

  test('what is delivered from hour to hour is no change', () => {
    expect(stand.inventory.volatile(type)).toContain('Status.LatestDeliveryTime')
    expect(stand.inventory.volatile(type)).not.toContain('Status.IsLogging')
  })

  test.each([
    { operation: 'DescribeTrails', region: 'eu-north-1' },
    { operation: 'GetTrailStatus' },
    { operation: 'GetEventSelectors' },
    { operation: 'DescribeRegions' },
  ])('all together are unknown when one read is refused: %o', async (target) => {
    stand.proxy.inject(target, denied)
    await expect(stand.fetch(meta, metaId)).rejects.toMatchObject({ code: 'access-denied' })
  })

  test.each(['DescribeTrails', 'GetTrailStatus', 'GetEventSelectors', 'ListTags'])(
    'a trail whose %s is refused is unknown',
    async (operation) => {
      stand.proxy.inject({ operation }, denied)
      const id = `arn:aws:cloudtrail:eu-west-1:${one}:trail/everywhere`
      await expect(stand.fetch(type, id)).rejects.toMatchObject({ code: 'access-denied' })
    },
  )

  test('a deleted trail is gone, from all together as well', async () => {
    const id = `arn:aws:cloudtrail:eu-west-1:${one}:trail/everywhere`
    await (await trails()).send(new cloudtrail.DeleteTrailCommand({ Name: 'everywhere' }))
    for (const each of [id, id.replace(one, two), 'nonsense']) expect(await stand.fetch(type, each)).toEqual({ status: 'gone' })
    expect((await together())['Trails']).not.toContain(id)
  })
})
