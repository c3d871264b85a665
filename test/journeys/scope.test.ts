import * as s3 from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Finding } from '#model'
import type { Store } from '#store'
import { aFolder, aPolicy, type Folder } from '../detection/world.ts'
import { freshStore } from '../support/database.ts'
import { startInnerLine, type InnerLine, type InnerLineOptions } from '../support/inner-line.ts'
import { credentialsOf, needMoto, startMoto, type Moto } from '../support/moto.ts'
import { aRecord } from '../support/records.ts'
import { until } from '../support/until.ts'

const accountId = '111122223333'
const region = 'us-east-1'
const bucket = { accountId, region, type: 'AWS.S3.Bucket', id: 'arn:aws:s3:::ledger' }
const title = 'a policy that is scoped to an asset group'

describe.runIf(needMoto(title))(title, { timeout: 60_000 }, () => {
  let moto: Moto
  let client: s3.S3Client
  let store: Store
  let line: InnerLine
  let folder: Folder
  const start = async (tier: string): Promise<InnerLine> => {
    const group = { name: 'gold', is: { tags: { tier } } }
    const options: InnerLineOptions = {
      endpoint: moto.endpoint,
      accounts: [{ id: accountId, regions: [region] }],
      types: ['AWS.S3.Bucket'],
      folders: [folder.path],
      workers: ['refresh', 'judge', 'scan'],
      store,
      scope: { policy: 'Bad', group },
    }
    return startInnerLine(options)
  }
  const findings = (): Promise<readonly Finding[]> => line.findingsOf(bucket)
  const tag = async (value: string | null): Promise<void> => {
    const Bucket = 'ledger'
    if (value === null) await client.send(new s3.DeleteBucketTaggingCommand({ Bucket }))
    else await client.send(new s3.PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: 'tier', Value: value }] } }))
    const name = value === null ? 'DeleteBucketTagging' : 'PutBucketTagging'
    await line.send(aRecord({ account: accountId, source: 's3.amazonaws.com', name, request: { bucketName: Bucket } }))
  }

  beforeAll(async () => {
    moto = await startMoto()
    const own = { endpoint: moto.endpoint, region, credentials: await credentialsOf(moto.endpoint, accountId) }
    client = new s3.S3Client({ ...own, forcePathStyle: true })
    await client.send(new s3.CreateBucketCommand({ Bucket: 'ledger' }))
    store = await freshStore()
    folder = await aFolder({ 'bad.ts': aPolicy('Bad', 'return false') })
    line = await start('gold')
    await until('the first scan', async () => (await store.scans.running()) === 0, 60_000)
  }, 120_000)
  afterAll(async () => {
    client.destroy()
    await line[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
    await moto.stop()
  })

  test('skips a resource outside of it in a scan', async () => {
    expect(await findings()).toEqual([])
    expect((await store.states.get(bucket))?.verdict?.outcomes).toEqual([{ detectionId: 'Bad', outcome: 'skipped' }])
  })

  test('judges a resource that enters it by a change, and tells at once', async () => {
    await tag('gold')
    const [finding] = await until('a finding', async () => ((await findings()).length > 0 ? findings() : null))
    expect(finding).toMatchObject({ status: 'open', origin: 'change', causes: [{ name: 'PutBucketTagging' }] })
    expect(await line.told()).toMatchObject([{ kind: 'finding', differences: [{ path: 'Tags.tier' }] }])
  })

  test('retires the finding of a resource that leaves it: nobody looked, so nothing is resolved', async () => {
    await tag('iron')
    await until('the end', async () => (await findings())[0]?.status === 'retired')
    expect(await line.told()).toMatchObject([{ ended: { how: 'retired' } }])
  })

  test('judges everything again when the group is defined anew, without a look at AWS, and tells it as a summary', async () => {
    await line[Symbol.asyncDispose]()
    const before = (await store.states.get(bucket))?.number
    line = await start('iron')
    await until('a finding', async () => (await findings())[0]?.status === 'open')
    expect((await findings())[0]).toMatchObject({ origin: 'detection', epoch: 2 })
    expect((await store.states.get(bucket))?.number).toBe(before)
    const told = await until('a summary', async () => (await line.told())[0] ?? null)
    expect(told).toMatchObject({ kind: 'summary', origin: 'detection', total: 1 })
  })
})
