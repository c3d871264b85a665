import * as s3 from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accountId, region } from '../support/groups-server.ts'
import { startInnerLine, type InnerLine } from '../support/inner-line.ts'
import { credentialsOf, needMoto, startMoto, type Moto } from '../support/moto.ts'
import { aFolder, aPolicy, type Folder } from '../detection/world.ts'
import { aRecord } from '../support/records.ts'
import { until } from '../support/until.ts'

const title = 'a bucket that is changed in several ways at once'

describe.runIf(needMoto(title))(title, { timeout: 60_000 }, () => {
  const bucket = 'ledger'
  let moto: Moto
  let trial: Folder
  let line: InnerLine
  let client: s3.S3Client

  beforeAll(async () => {
    moto = await startMoto()
    const own = { endpoint: moto.endpoint, region, credentials: await credentialsOf(moto.endpoint, accountId) }
    client = new s3.S3Client({ ...own, forcePathStyle: true })
    await client.send(new s3.CreateBucketCommand({ Bucket: bucket }))
    trial = await aFolder({
      'trial.ts': aPolicy('Trial', `return resource.Versioning !== 'Enabled'`, { slots: `status: 'Staged',` }),
    })
    line = await startInnerLine({
      endpoint: moto.endpoint,
      accounts: [{ id: accountId, regions: [region] }],
      types: ['AWS.S3.Bucket'],
      folders: ['policies/aws/s3', trial.path],
      workers: ['refresh', 'scan'],
    })
    await until('the first scan', async () => (await line.store.scans.running()) === 0, 60_000)
    await line.told()
  }, 120_000)
  afterAll(async () => {
    client.destroy()
    await line[Symbol.asyncDispose]()
    await moto.stop()
    await trial[Symbol.asyncDispose]()
  })

  test('is told with what matters of it and who did that, and its version keeps all', async () => {
    const call = (name: string, who: string, request: Record<string, unknown> = {}): Promise<void> => {
      const userIdentity = { type: 'IAMUser', arn: `arn:aws:iam::${accountId}:user/${who}`, accountId, userName: who }
      const requestParameters = { bucketName: bucket, ...request }
      return line.send(
        aRecord({ account: accountId, source: 's3.amazonaws.com', name, request: requestParameters, extra: { userIdentity } }),
      )
    }
    const VersioningConfiguration = { Status: 'Enabled' as const }
    await client.send(new s3.PutBucketAclCommand({ Bucket: bucket, ACL: 'public-read' }))
    await client.send(new s3.PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }))
    await Promise.all([call('PutBucketAcl', 'eve'), call('PutBucketVersioning', 'ann', { VersioningConfiguration })])
    const alert = await until('the alert', async () => {
      const contents = await line.told()
      return contents.find((content) => content.kind === 'finding' && content.detection.id === 'AWS.S3.Bucket.PublicRead') ?? null
    })
    expect(alert).toMatchObject({ essential: true, differences: [{ path: 'Grants', before: null }], otherDifferences: 1 })
    const ref = { accountId, region, type: 'AWS.S3.Bucket', id: `arn:aws:s3:::${bucket}` }
    const findings = await line.findingsOf(ref)
    const finding = findings.find(({ detectionId }) => detectionId === 'AWS.S3.Bucket.PublicRead')
    expect(finding?.differences.map(({ path }) => path)).toEqual(['Grants'])
    const [version] = await line.store.versions.list(ref, 1)
    expect(version?.differences.map(({ path }) => path)).toEqual(['Grants', 'Versioning'])
    // The policy on trial has its finding, with what mattered to it, and nobody is told.
    const staged = findings.find(({ detectionId }) => detectionId === 'Trial')
    expect(staged).toMatchObject({ staged: true, status: 'open', differences: [{ path: 'Versioning' }] })
    expect(await line.store.alerts.byFinding(staged?.id ?? '')).toBeNull()
    expect(await line.store.alerts.byFinding(finding?.id ?? '')).not.toBeNull()
  })
})
