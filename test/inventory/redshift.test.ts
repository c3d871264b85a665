import * as redshift from '@aws-sdk/client-redshift'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { needMoto } from '../support/moto.ts'
import { documentedActions, neededActions } from './access.ts'
import { deviations, gaps, shapes } from './conforms.ts'
import { readExample } from './examples.ts'
import { one, openStand, two, type Stand } from './stand.ts'

const type = 'AWS.Redshift.Cluster'

test('the example is complete', () => {
  expect(deviations(shapes[type], readExample(type))).toEqual([])
  expect(gaps(readExample(type))).toEqual([])
})

describe.runIf(needMoto('Redshift clusters against moto'))('Redshift clusters against moto', { timeout: 60_000 }, () => {
  let stand: Stand
  let client: redshift.RedshiftClient

  beforeAll(async () => {
    stand = await openStand()
    client = new redshift.RedshiftClient(await stand.options(one))
    // A service is imported on its first call, by us and by moto.
    await stand.list(type)
  }, 120_000)
  afterEach(() => stand.proxy.clear())
  afterAll(() => stand[Symbol.asyncDispose]())

  async function create(name: string, of = client): Promise<string> {
    const command = new redshift.CreateClusterCommand({
      ClusterIdentifier: name,
      DBName: 'warehouse',
      NodeType: 'ra3.xlplus',
      MasterUsername: 'owner',
      MasterUserPassword: 'Not-for-anyone-1',
      PubliclyAccessible: true,
      IamRoles: [`arn:aws:iam::${one}:role/copy`],
      Tags: [{ Key: 'team', Value: 'sales' }],
    })
    const { Cluster } = await of.send(command)
    return `arn:aws:redshift:eu-west-1:${of === client ? one : two}:cluster:${Cluster?.ClusterIdentifier}`
  }

  test('a cluster shows its settings, its tags and that nothing is logged', async () => {
    const id = await create('sales')
    expect(await stand.attributes(type, id)).toMatchObject({
      Id: 'sales',
      Name: 'warehouse',
      Tags: { team: 'sales' },
      TimeCreated: expect.any(String),
      PubliclyAccessible: true,
      MasterUsername: 'owner',
      IamRoles: [{ IamRoleArn: `arn:aws:iam::${one}:role/copy`, ApplyStatus: 'in-sync' }],
      LoggingStatus: { LoggingEnabled: false },
      RestoreStatus: null,
    })
  })

  test('a change of settings and of logging shows', async () => {
    const id = await create('changing')
    const of = { ClusterIdentifier: 'changing' }
    await client.send(new redshift.ModifyClusterCommand({ ...of, EnhancedVpcRouting: true, NodeType: 'ra3.4xlarge' }))
    await client.send(new redshift.CreateTagsCommand({ ResourceName: id, Tags: [{ Key: 'stage', Value: 'prod' }] }))
    expect(await stand.attributes(type, id)).toMatchObject({
      EnhancedVpcRouting: true,
      NodeType: 'ra3.4xlarge',
      Tags: { team: 'sales', stage: 'prod' },
    })
    const answer = `<DescribeLoggingStatusResponse xmlns="http://redshift.amazonaws.com/doc/2012-12-01/"><DescribeLoggingStatusResult>
      <LoggingEnabled>true</LoggingEnabled><BucketName>audit-logs</BucketName><S3KeyPrefix>r/</S3KeyPrefix>
      </DescribeLoggingStatusResult></DescribeLoggingStatusResponse>`
    stand.proxy.inject({ operation: 'DescribeLoggingStatus' }, { kind: 'text', status: 200, type: 'text/xml', body: answer })
    expect(await stand.attributes(type, id)).toMatchObject({
      LoggingStatus: { LoggingEnabled: true, BucketName: 'audit-logs', S3KeyPrefix: 'r/', LastFailureTime: null },
    })
  })

  test('a deleted cluster is gone', async () => {
    const id = await create('short-lived')
    await client.send(new redshift.DeleteClusterCommand({ ClusterIdentifier: 'short-lived', SkipFinalClusterSnapshot: true }))
    expect(await stand.fetch(type, id)).toEqual({ status: 'gone' })
  })

  test('a cluster of the same name in another account is another one', async () => {
    const id = await create('twin')
    const other = await create('twin', new redshift.RedshiftClient(await stand.options(two)))
    expect(await stand.fetch(type, other, two)).toMatchObject({ status: 'present', attributes: { AccountId: two } })
    expect(await stand.fetch(type, other)).toEqual({ status: 'gone' })
    expect(await stand.list(type, two)).toEqual([other])
    expect(await stand.list(type)).toContain(id)
    expect(await stand.list(type, one, 'us-east-1')).toEqual([])
  })

  test('an id that is none is gone', async () => {
    expect(await stand.fetch(type, 'nonsense')).toEqual({ status: 'gone' })
  })

  test.each(['DescribeClusters', 'DescribeLoggingStatus'])('one whose %s is denied is unknown', async (operation) => {
    const id = await create(`denied-${operation.toLowerCase()}`)
    stand.proxy.inject({ operation }, { kind: 'error', code: 'AccessDenied', status: 403 })
    await expect(stand.fetch(type, id)).rejects.toMatchObject({ name: 'InventoryError', code: 'access-denied' })
  })

  test("the cluster's own progress is no change", () => {
    expect(stand.inventory.volatile(type)).toContain('RestoreStatus.ProgressInMegaBytes')
    expect(stand.inventory.volatile(type)).not.toContain('LoggingStatus.LoggingEnabled')
  })

  test('the documented permissions are the calls that listing and fetching make', async () => {
    await stand.attributes(type, await create('permitted'))
    await stand.list(type)
    expect(neededActions(stand.proxy, ['redshift'])).toEqual(documentedActions(['redshift']))
  })
})
