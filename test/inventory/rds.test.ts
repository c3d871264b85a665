import { readFileSync } from 'node:fs'
import * as rds from '@aws-sdk/client-rds'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { needMoto } from '../support/moto.ts'
import { documentedActions, neededActions } from './access.ts'
import { deviations, shapes } from './conforms.ts'
import { one, openStand, two, type Stand } from './stand.ts'

const instance = 'AWS.RDS.Instance'
const snapshot = 'AWS.RDS.Snapshot'
const cluster = 'AWS.RDS.Cluster'
const arn = (resource: string): string => `arn:aws:rds:eu-west-1:${one}:${resource}`

test.each([instance, snapshot, cluster])('the example of %s has every field', (type) => {
  const file = new URL(`../fixtures/resources/${type}.json`, import.meta.url)
  expect(deviations(shapes[type], JSON.parse(readFileSync(file, 'utf8')))).toEqual([])
})

describe.runIf(needMoto('RDS against moto'))('RDS against moto', { timeout: 30_000 }, () => {
  let stand: Stand
  let client: rds.RDSClient

  beforeAll(async () => {
    stand = await openStand()
    client = new rds.RDSClient(await stand.options(one))
    // moto's first calls take their time.
    const first = [one, two].map(async (account) => new rds.RDSClient(await stand.options(account)))
    await Promise.all(first.map(async (each) => (await each).send(new rds.DescribeDBClustersCommand({}))))
  }, 60_000)
  afterEach(() => stand.proxy.clear())
  afterAll(() => stand[Symbol.asyncDispose]())

  async function makeInstance(name: string, more: Partial<rds.CreateDBInstanceCommandInput> = {}): Promise<string> {
    const command = new rds.CreateDBInstanceCommand({
      DBInstanceIdentifier: name,
      DBInstanceClass: 'db.t3.micro',
      Engine: 'postgres',
      AllocatedStorage: 20,
      MasterUsername: 'dba',
      MasterUserPassword: 'never-kept-1',
      Tags: [{ Key: 'team', Value: 'shop' }],
      ...more,
    })
    return (await client.send(command)).DBInstance?.DBInstanceArn ?? ''
  }
  async function makeSnapshot(DBInstanceIdentifier: string, DBSnapshotIdentifier: string): Promise<string> {
    const command = new rds.CreateDBSnapshotCommand({
      DBInstanceIdentifier,
      DBSnapshotIdentifier,
      Tags: [{ Key: 'team', Value: 'shop' }],
    })
    return (await client.send(command)).DBSnapshot?.DBSnapshotArn ?? ''
  }
  async function makeCluster(name: string): Promise<string> {
    const command = new rds.CreateDBClusterCommand({
      DBClusterIdentifier: name,
      Engine: 'aurora-postgresql',
      MasterUsername: 'dba',
      MasterUserPassword: 'never-kept-1',
      Tags: [{ Key: 'team', Value: 'shop' }],
    })
    return (await client.send(command)).DBCluster?.DBClusterArn ?? ''
  }
  const share = (DBSnapshotIdentifier: string, account: string): Promise<unknown> =>
    client.send(
      new rds.ModifyDBSnapshotAttributeCommand({ DBSnapshotIdentifier, AttributeName: 'restore', ValuesToAdd: [account] }),
    )

  describe(instance, () => {
    test('shows its settings, and null where nothing was set', async () => {
      const id = await makeInstance('settings', { DBName: 'shop', PubliclyAccessible: true, StorageEncrypted: true })
      expect(await stand.attributes(instance, id)).toMatchObject({
        Id: 'settings',
        Name: 'shop',
        DBInstanceIdentifier: 'settings',
        Engine: 'postgres',
        PubliclyAccessible: true,
        StorageEncrypted: true,
        Tags: { team: 'shop' },
        TimeCreated: expect.any(String),
        DBClusterIdentifier: null,
      })
    })

    test('a change shows', async () => {
      const id = await makeInstance('changed', { PubliclyAccessible: false })
      await client.send(new rds.ModifyDBInstanceCommand({ DBInstanceIdentifier: 'changed', PubliclyAccessible: true }))
      await client.send(new rds.RemoveTagsFromResourceCommand({ ResourceName: id, TagKeys: ['team'] }))
      expect(await stand.attributes(instance, id)).toMatchObject({ PubliclyAccessible: true, Tags: null })
    })

    test('shows whom each of its snapshots is shared with', async () => {
      const id = await makeInstance('sharer')
      await Promise.all(['sharer-a', 'sharer-b'].map((name) => makeSnapshot('sharer', name)))
      await share('sharer-a', two)
      const { SnapshotAttributes } = await stand.attributes(instance, id)
      expect(SnapshotAttributes).toHaveLength(3)
      expect(SnapshotAttributes).toContainEqual({
        DBSnapshotIdentifier: 'sharer-a',
        DBSnapshotAttributes: [{ AttributeName: 'restore', AttributeValues: [two] }],
      })
      expect(SnapshotAttributes).toContainEqual({
        DBSnapshotIdentifier: 'sharer-b',
        DBSnapshotAttributes: [{ AttributeName: 'restore', AttributeValues: null }],
      })
    })

    test('its first automated snapshot is there at once, and is not asked about: it cannot be shared', async () => {
      const id = await makeInstance('automated')
      expect(await stand.attributes(instance, id)).toMatchObject({
        SnapshotAttributes: [
          {
            DBSnapshotIdentifier: expect.stringMatching(/^rds:automated-/),
            DBSnapshotAttributes: [{ AttributeName: 'restore', AttributeValues: null }],
          },
        ],
      })
      expect(stand.proxy.seen.map(({ operation }) => operation)).not.toContain('DescribeDBSnapshotAttributes')
    })

    test('a snapshot that is deleted meanwhile is left out', async () => {
      const id = await makeInstance('hasty')
      await makeSnapshot('hasty', 'hasty-a')
      stand.proxy.inject({ operation: 'DescribeDBSnapshotAttributes' }, { kind: 'error', code: 'DBSnapshotNotFound', status: 404 })
      const { SnapshotAttributes } = await stand.attributes(instance, id)
      expect(SnapshotAttributes).toEqual([expect.objectContaining({ DBSnapshotIdentifier: expect.stringMatching(/^rds:/) })])
    })

    test('is found by one of its snapshots, as some events name it, and says its true id', async () => {
      const id = await makeInstance('by-snapshot')
      const snapshotId = await makeSnapshot('by-snapshot', 'by-snapshot-a')
      expect(await stand.fetch(instance, snapshotId)).toMatchObject({ status: 'present', attributes: { ResourceId: id } })
      expect(await stand.fetch(instance, arn('snapshot:unknown'))).toEqual({ status: 'gone' })
    })

    test('is listed in its account and region only, and gone once it is deleted', async () => {
      const id = await makeInstance('short-lived')
      expect(await stand.list(instance)).toContain(id)
      expect(await stand.list(instance, one, 'us-east-1')).toEqual([])
      expect(await stand.list(instance, two)).toEqual([])
      expect(await stand.fetch(instance, id, two)).toEqual({ status: 'gone' })
      await client.send(new rds.DeleteDBInstanceCommand({ DBInstanceIdentifier: 'short-lived', SkipFinalSnapshot: true }))
      expect(await stand.fetch(instance, id)).toEqual({ status: 'gone' })
    })

    test.each(['DescribeDBInstances', 'DescribeDBSnapshots', 'DescribeDBSnapshotAttributes'])(
      'one whose %s is denied is unknown',
      async (operation) => {
        const name = operation.toLowerCase()
        const id = await makeInstance(name)
        await makeSnapshot(name, `${name}-a`)
        stand.proxy.inject({ operation }, { kind: 'error', code: 'AccessDenied', status: 403 })
        await expect(stand.fetch(instance, id)).rejects.toMatchObject({ name: 'InventoryError', code: 'access-denied' })
      },
    )
  })

  describe(snapshot, () => {
    test('shows who may restore it', async () => {
      await makeInstance('source')
      const id = await makeSnapshot('source', 'public')
      expect(await stand.attributes(snapshot, id)).toMatchObject({
        Id: 'public',
        DBInstanceIdentifier: 'source',
        SnapshotType: 'manual',
        Encrypted: false,
        Tags: { team: 'shop' },
        DBSnapshotAttributes: [{ AttributeName: 'restore', AttributeValues: null }],
      })
      await share('public', 'all')
      expect(await stand.attributes(snapshot, id)).toMatchObject({
        DBSnapshotAttributes: [{ AttributeName: 'restore', AttributeValues: ['all'] }],
      })
    })

    test('an automated one is found by its name, which has a colon', async () => {
      await makeInstance('nightly')
      const id = (await stand.list(snapshot)).find((each) => each.includes(':snapshot:rds:nightly-')) ?? ''
      expect(await stand.attributes(snapshot, id)).toMatchObject({ SnapshotType: 'automated', DBInstanceIdentifier: 'nightly' })
    })

    test('is listed, not seen from elsewhere, and gone once it is deleted', async () => {
      await makeInstance('source-2')
      const id = await makeSnapshot('source-2', 'short-lived')
      expect(await stand.list(snapshot)).toContain(id)
      expect(await stand.list(snapshot, two)).toEqual([])
      expect(await stand.fetch(snapshot, id, two)).toEqual({ status: 'gone' })
      await client.send(new rds.DeleteDBSnapshotCommand({ DBSnapshotIdentifier: 'short-lived' }))
      expect(await stand.fetch(snapshot, id)).toEqual({ status: 'gone' })
    })

    test('one whose sharing is denied is unknown', async () => {
      await makeInstance('source-3')
      const id = await makeSnapshot('source-3', 'denied')
      stand.proxy.inject({ operation: 'DescribeDBSnapshotAttributes' }, { kind: 'error', code: 'AccessDenied', status: 403 })
      await expect(stand.fetch(snapshot, id)).rejects.toMatchObject({ name: 'InventoryError', code: 'access-denied' })
    })
  })

  describe(cluster, () => {
    test('shows its settings and their change', async () => {
      const id = await makeCluster('shop')
      expect(await stand.attributes(cluster, id)).toMatchObject({
        Id: 'shop',
        Engine: 'aurora-postgresql',
        DeletionProtection: false,
        Tags: { team: 'shop' },
        TimeCreated: expect.any(String),
      })
      await client.send(new rds.ModifyDBClusterCommand({ DBClusterIdentifier: 'shop', DeletionProtection: true }))
      expect(await stand.attributes(cluster, id)).toMatchObject({ DeletionProtection: true })
    })

    test('is listed, not seen from elsewhere, and gone once it is deleted', async () => {
      const id = await makeCluster('short-lived')
      expect(await stand.list(cluster)).toContain(id)
      expect(await stand.list(cluster, two)).toEqual([])
      expect(await stand.fetch(cluster, id, two)).toEqual({ status: 'gone' })
      await client.send(new rds.DeleteDBClusterCommand({ DBClusterIdentifier: 'short-lived', SkipFinalSnapshot: true }))
      expect(await stand.fetch(cluster, id)).toEqual({ status: 'gone' })
    })

    test('one that is denied is unknown', async () => {
      const id = await makeCluster('denied')
      stand.proxy.inject({ operation: 'DescribeDBClusters' }, { kind: 'error', code: 'AccessDenied', status: 403 })
      await expect(stand.fetch(cluster, id)).rejects.toMatchObject({ name: 'InventoryError', code: 'access-denied' })
    })
  })

  test.each([
    [instance, 'nonsense'],
    [instance, arn('db:')],
    [snapshot, `arn:aws:rds:eu-west-1:${two}:snapshot:a`],
    [cluster, 'arn:aws:rds:us-east-1:111111111111:cluster:a'],
  ])('no %s is asked for by the foreign or broken id %s', async (type, id) => {
    await stand.quiet()
    expect(await stand.fetch(type, id)).toEqual({ status: 'gone' })
    expect(stand.proxy.seen).toEqual([])
  })

  test('the documented permissions are the calls that listing and fetching make', async () => {
    const id = await makeInstance('permitted')
    await makeSnapshot('permitted', 'permitted-a')
    await stand.attributes(instance, id)
    await stand.attributes(cluster, await makeCluster('permitted'))
    expect(neededActions(stand.proxy, ['rds'])).toEqual(documentedActions(['rds']))
  })
})
