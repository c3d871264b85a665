import * as config from '@aws-sdk/client-config-service'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '#model'
import { needMoto } from '../support/moto.ts'
import { playRecordings } from '../support/recordings.ts'
import { deviations, gaps, shapes } from './conforms.ts'
import { readExample } from './examples.ts'
import { onlyRegions } from './few-regions.ts'
import { one, openStand, two, type Stand } from './stand.ts'

const type = 'AWS.Config.Recorder'
const meta = 'AWS.Config.Recorder.Meta'
const id = `${one}:eu-west-1:${type}`
const metaId = `${one}::${meta}`
const denied = { kind: 'error', code: 'AccessDeniedException', status: 400 } as const

test.each([type, meta])('the example of %s has every field', (each) => {
  const example = readExample(each)
  expect(deviations(shapes[each], example)).toEqual([])
  expect(gaps(example)).toEqual(each === type ? ['TimeCreated'] : ['Tags', 'TimeCreated'])
})

describe.runIf(needMoto('AWS Config against moto'))('AWS Config against moto', { timeout: 60_000 }, () => {
  let stand: Stand
  beforeAll(async () => {
    stand = await openStand()
    // Moto's first answer in an account takes long.
    await stand.options(two)
    await (await recorders()).send(new config.DescribeConfigurationRecordersCommand({}))
  }, 120_000)
  beforeEach(() => {
    stand.proxy.clear()
    onlyRegions(stand.proxy, 'eu-west-1', 'us-east-1', 'eu-central-1', 'eu-north-1')
  })
  afterAll(() => stand[Symbol.asyncDispose]())

  const recorders = async (region = 'eu-west-1') => new config.ConfigServiceClient(await stand.options(one, region))
  async function put(recordingGroup: config.RecordingGroup, region = 'eu-west-1'): Promise<void> {
    const ConfigurationRecorder = { name: 'default', roleARN: `arn:aws:iam::${one}:role/config`, recordingGroup }
    await (await recorders(region)).send(new config.PutConfigurationRecorderCommand({ ConfigurationRecorder }))
  }
  async function attributes(each: string, where: string): Promise<JsonObject> {
    const fetched = await stand.fetch(each, where)
    if (fetched.status === 'gone') throw new Error(`${where} is gone`)
    expect(deviations(shapes[each], fetched.attributes)).toEqual([])
    expect(fetched.attributes).toMatchObject({ AccountId: one, ResourceId: where, ResourceType: each })
    return fetched.attributes
  }

  test('an account that records nothing says so', async () => {
    expect(await stand.list(type)).toEqual([])
    expect(await stand.fetch(type, id)).toEqual({ status: 'gone' })
    expect(await stand.list(meta)).toEqual([metaId])
    expect(await attributes(meta, metaId)).toMatchObject({ Name: meta, Region: 'global', GlobalRecorderCount: 0, Recorders: [] })
  })

  test('a recorder shows what it records and whether it does', async () => {
    await put({ allSupported: false, includeGlobalResourceTypes: false, resourceTypes: ['AWS::S3::Bucket'] })
    expect(await stand.list(type)).toEqual([id])
    expect(await attributes(type, id)).toMatchObject({
      Name: 'default',
      RoleARN: `arn:aws:iam::${one}:role/config`,
      RecordingGroup: { AllSupported: false, IncludeGlobalResourceTypes: false, ResourceTypes: ['AWS::S3::Bucket'] },
      Status: { Name: 'default', Recording: false, LastStartTime: null },
      Tags: null,
    })
    const client = await recorders()
    const channel = new config.PutDeliveryChannelCommand({ DeliveryChannel: { name: 'default', s3BucketName: 'config' } })
    const { S3Client, CreateBucketCommand } = await import('@aws-sdk/client-s3')
    const s3 = new S3Client({ ...(await stand.options(one, 'us-east-1')), forcePathStyle: true })
    await s3.send(new CreateBucketCommand({ Bucket: 'config' }))
    await client.send(channel)
    await client.send(new config.StartConfigurationRecorderCommand({ ConfigurationRecorderName: 'default' }))
    expect(await attributes(type, id)).toMatchObject({
      Status: { Recording: true, LastStatus: 'PENDING', LastStartTime: expect.any(String) },
    })
  })

  // Moto's recorders have no ARN yet.
  test('tags are read where AWS gives the recorder an ARN', async () => {
    const arn = `arn:aws:config:eu-west-1:${one}:configuration-recorder/default/nnnnn`
    const change = (body: string): string => body.replace('{"name"', `{"arn": "${arn}", "name"`)
    stand.proxy.inject({ operation: 'DescribeConfigurationRecorders' }, { kind: 'rewrite', change })
    playRecordings(stand.proxy, 'config.')
    expect(await attributes(type, id)).toMatchObject({ Tags: { team: 'platform' } })
    expect(stand.proxy.seen.find(({ operation }) => operation === 'ListTagsForResource')?.body).toContain(arn)
  })

  test('of all regions, only recorders that record everything and the global types count as global', async () => {
    await put({ allSupported: true, includeGlobalResourceTypes: true }, 'us-east-1')
    await put({ allSupported: true, includeGlobalResourceTypes: false }, 'eu-central-1')
    expect(await attributes(meta, metaId)).toMatchObject({
      GlobalRecorderCount: 1,
      Recorders: [`${one}:eu-central-1:${type}`, id, `${one}:us-east-1:${type}`],
    })
    expect(await stand.fetch(meta, metaId, two)).toEqual({ status: 'gone' })
    expect(await stand.fetch(meta, `${two}::${meta}`, two)).toMatchObject({ attributes: { Recorders: [] } })
  })

  test.each(['DescribeConfigurationRecorders', 'DescribeConfigurationRecorderStatus'])(
    'a recorder whose %s is refused is unknown',
    async (operation) => {
      stand.proxy.inject({ operation }, denied)
      await expect(stand.fetch(type, id)).rejects.toMatchObject({ code: 'access-denied' })
    },
  )

  test('one region that may not be read makes all of them together unknown', async () => {
    stand.proxy.inject({ service: 'config', region: 'eu-north-1' }, denied, 1)
    await expect(stand.fetch(meta, metaId)).rejects.toMatchObject({ code: 'access-denied' })
    stand.proxy.inject({ operation: 'DescribeRegions' }, { kind: 'error', code: 'UnauthorizedOperation', status: 403 })
    await expect(stand.fetch(meta, metaId)).rejects.toMatchObject({ code: 'access-denied' })
  })

  test('a deleted recorder, one of another account, and what is none, is gone', async () => {
    await (await recorders()).send(new config.DeleteConfigurationRecorderCommand({ ConfigurationRecorderName: 'default' }))
    for (const each of [id, `${two}:eu-west-1:${type}`, `${one}:us-east-1:${type}`, 'nonsense']) {
      expect(await stand.fetch(type, each)).toEqual({ status: 'gone' })
    }
    const { Recorders } = await attributes(meta, metaId)
    expect(Recorders).not.toContain(id)
  })
})
