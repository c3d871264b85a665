import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createSessions } from '#aws'
import { createInventory, InventoryError, type Inventory } from '#inventory'
import type { ResourceRef } from '#model'
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import { needMoto, startMoto, type Moto } from '../support/moto.ts'
import { openAccount, type TestAccount } from './world.ts'
import { idsOf } from '../support/ids.ts'

const stop = new AbortController().signal
const credentials = { accessKeyId: 'testing', secretAccessKey: 'testing', sessionToken: 'testing' }

describe.runIf(needMoto('the inventory against a moto that fails'))(
  'the inventory against a moto that fails',
  { timeout: 60_000 },
  () => {
    let moto: Moto
    let proxy: FaultProxy
    let account: TestAccount
    let inventory: Inventory
    let bucket: ResourceRef
    let user: ResourceRef
    let key: ResourceRef

    beforeAll(async () => {
      moto = await startMoto()
      proxy = await startFaultProxy(moto.endpoint)
      account = await openAccount(moto.endpoint, '111111111111')
      bucket = await account.bucket('faulty')
      user = await account.user('faulty')
      key = await account.key()
      inventory = openInventory()
      // Each service is imported on its first call, by us and by moto.
      for (const ref of [bucket, user, key]) await inventory.fetch(ref, stop)
    }, 60_000)
    afterEach(() => {
      proxy.clear()
      // Limits learned in one test are not for the next.
      inventory = openInventory()
    })
    afterAll(async () => {
      await proxy.stop()
      await moto.stop()
    })

    function openInventory(): Inventory {
      return createInventory({
        sessions: createSessions({ roleName: 'audit', externalId: 'x-1', endpoint: proxy.endpoint, credentials }),
      })
    }

    async function failure(ref: ResourceRef, signal = stop): Promise<InventoryError> {
      const error: unknown = await inventory.fetch(ref, signal).catch((caught: unknown) => caught)
      if (!(error instanceof InventoryError)) throw new Error(`expected an InventoryError, got ${JSON.stringify(error)}`)
      return error
    }

    test.each([
      'GetBucketPolicy',
      'GetBucketEncryption',
      'GetBucketVersioning',
      'GetBucketLogging',
      'GetBucketLifecycleConfiguration',
      'GetBucketTagging',
      'GetPublicAccessBlock',
      'GetObjectLockConfiguration',
      'GetBucketAcl',
      'ListBuckets',
    ])('a bucket whose %s is denied is unknown, and no setting of it is null', async (operation) => {
      proxy.inject({ operation }, { kind: 'error', code: 'AccessDenied', status: 403 })
      const error = await failure(bucket)
      expect(error).toMatchObject({ code: 'access-denied', retryable: false })
      expect(error.message).toContain(`s3 ${operation} in account 111111111111 eu-west-1`)
    })

    test.each(['GetUser', 'ListUserPolicies', 'ListMFADevices', 'GetCredentialReport', 'ListGroupsForUser'])(
      'a user whose %s is denied is unknown',
      async (operation) => {
        proxy.inject({ operation }, { kind: 'error', code: 'AccessDenied', status: 403 })
        expect(await failure(user)).toMatchObject({ code: 'access-denied', retryable: false })
      },
    )

    test('a throttled fetch is retried, and reads on once AWS lets it', async () => {
      proxy.inject({ operation: 'DescribeKey' }, { kind: 'error', code: 'ThrottlingException', status: 400 }, 1)
      expect((await inventory.fetch(key, stop)).status).toBe('present')
      expect(proxy.seen.filter(({ operation }) => operation === 'DescribeKey')).toHaveLength(2)
    })

    test('lasting throttling is an unknown that may be tried again', async () => {
      proxy.inject({ service: 's3' }, { kind: 'error', code: 'SlowDown', status: 503, headers: { 'retry-after': '60' } })
      expect(await failure(bucket)).toMatchObject({ code: 'throttled', retryable: true })
      // Retry-After is honoured without a further call, and another service of the account is not held up.
      const calls = proxy.seen.length
      expect(await failure(bucket)).toMatchObject({ code: 'throttled' })
      expect(proxy.seen).toHaveLength(calls)
      expect((await inventory.fetch(user, stop)).status).toBe('present')
    })

    test('an expired token is renewed once and the fetch succeeds', async () => {
      proxy.inject({ service: 'kms' }, { kind: 'error', code: 'ExpiredTokenException', status: 400 }, 1)
      expect((await inventory.fetch(key, stop)).status).toBe('present')
      expect(proxy.seen.filter(({ operation }) => operation === 'AssumeRole').length).toBeLessThanOrEqual(2)
    })

    test('tokens that expire again at once are not renewed for ever', async () => {
      proxy.inject({ service: 'kms' }, { kind: 'error', code: 'ExpiredTokenException', status: 400 })
      expect(await failure(key)).toMatchObject({ code: 'unavailable', retryable: true })
      expect(proxy.seen.filter(({ operation }) => operation === 'DescribeKey')).toHaveLength(2)
    })

    test.each([{ kind: 'hang' }, { kind: 'hang-in-body' }] as const)(
      'an AWS that falls silent ($kind) costs 8 s at most',
      async (fault) => {
        proxy.inject({ operation: 'GetUser' }, fault)
        const startedAt = performance.now()
        expect(await failure(user)).toMatchObject({ code: 'unavailable', retryable: true })
        expect(performance.now() - startedAt).toBeLessThan(9_000)
      },
    )

    test('a stopped fetch ends at once', async () => {
      proxy.inject({ operation: 'DescribeKey' }, { kind: 'hang' })
      const controller = new AbortController()
      const startedAt = performance.now()
      const failed = failure(key, controller.signal)
      await expect.poll(() => proxy.seen.some(({ operation }) => operation === 'DescribeKey')).toBe(true)
      controller.abort()
      expect(await failed).toMatchObject({ code: 'unavailable' })
      expect(performance.now() - startedAt).toBeLessThan(2_000)
    })

    test('a broken connection is tried again', async () => {
      proxy.inject({ operation: 'GetUser' }, { kind: 'reset' }, 1)
      expect((await inventory.fetch(user, stop)).status).toBe('present')
    })

    test('a page of HTML is a bad answer or an outage, and never a state', async () => {
      proxy.inject({ operation: 'DescribeKey' }, { kind: 'text', status: 200, body: '<!doctype html><p>hello' })
      expect(await failure(key)).toMatchObject({ code: 'bad-answer', retryable: false })
      proxy.clear()
      proxy.inject({ operation: 'DescribeKey' }, { kind: 'text', status: 500, body: '<!doctype html><p>hello' })
      expect(await failure(key)).toMatchObject({ code: 'unavailable', retryable: true })
      proxy.clear()
      proxy.inject({ service: 's3' }, { kind: 'text', status: 404, body: '<!doctype html><p>not found' })
      expect((await failure(bucket)).code).not.toBe('gone')
    })

    test('a region that the account has switched off is said to be off', async () => {
      proxy.inject({ service: 'kms' }, { kind: 'error', code: 'UnrecognizedClientException', status: 400 })
      expect(await failure(key)).toMatchObject({ code: 'region-off', retryable: false })
    })

    test('a role that is missing is said to be missing', async () => {
      proxy.inject({ service: 'sts' }, { kind: 'error', code: 'AccessDenied', status: 403 })
      const error = await failure(key)
      expect(error).toMatchObject({ code: 'role-missing', retryable: false })
      expect(error.message).toContain('account 111111111111')
    })

    test('a bucket that is not in the region of its event is read where it lives', async () => {
      const target = { service: 's3', region: 'ap-south-1' }
      for (const operation of ['GetBucketAcl', 'GetBucketPolicy', 'GetBucketLocation', 'GetBucketTagging']) {
        proxy.inject({ ...target, operation }, { kind: 'error', code: 'PermanentRedirect', status: 301 })
      }
      const fetched = await inventory.fetch({ ...bucket, region: 'ap-south-1' }, stop)
      expect(fetched).toMatchObject({ status: 'present', attributes: { Region: 'eu-west-1' } })
    })

    test('a setting that vanished while it was read is tried again later', async () => {
      proxy.inject({ operation: 'ListGroupsForUser' }, { kind: 'error', code: 'NoSuchEntity', status: 404 })
      expect(await failure(user)).toMatchObject({ code: 'unavailable', retryable: true })
    })

    test('the first look at a user waits for its report, and goes on with what calls tell when AWS takes long', async () => {
      proxy.inject({ operation: 'GetCredentialReport' }, { kind: 'error', code: 'ReportNotPresent', status: 410 }, 2)
      expect(await inventory.fetch(user, stop)).toMatchObject({ attributes: { CredentialReport: { UserName: 'faulty' } } })
      expect(proxy.seen.map(({ operation }) => operation)).toContain('GenerateCredentialReport')
      inventory = openInventory()
      proxy.inject({ operation: 'GetCredentialReport' }, { kind: 'error', code: 'ReportInProgress', status: 404 })
      const report = { UserName: 'faulty', PasswordEnabled: false, AccessKey1LastUsedDate: '0001-01-01T00:00:00Z' }
      expect(await inventory.fetch(user, stop)).toMatchObject({ status: 'present', attributes: { CredentialReport: report } })
    })

    test('many users share one download of the report', async () => {
      await inventory.fetch(user, stop)
      await Promise.all([user, user, user, user].map((ref) => inventory.fetch(ref, stop)))
      expect(proxy.seen.filter(({ operation }) => operation === 'GetCredentialReport')).toHaveLength(1)
    })

    test('the calls of a bucket are one round, not a queue', async () => {
      await inventory.fetch(bucket, stop)
      proxy.inject({ service: 's3' }, { kind: 'delay', ms: 300 })
      const startedAt = performance.now()
      await inventory.fetch(bucket, stop)
      expect(performance.now() - startedAt).toBeLessThan(900)
    })

    test('one bucket, or one key, is read without a look at all of its account', async () => {
      for (const ref of [bucket, key]) await inventory.fetch(ref, stop)
      expect(proxy.seen.filter(({ operation }) => operation === 'ListKeys')).toEqual([])
      const lists = proxy.seen.filter(({ operation }) => operation === 'ListBuckets')
      expect(lists.map(({ query }) => new URLSearchParams(query).get('prefix'))).toEqual(['faulty'])
    })

    test('a list that breaks off throws, so that it is never taken for complete', async () => {
      proxy.inject({ operation: 'ListUsers' }, { kind: 'error', code: 'AccessDenied', status: 403 })
      const list = idsOf(inventory.list({ accountId: '111111111111', region: 'global', type: 'AWS.IAM.User' }, null, stop))
      await expect(list).rejects.toMatchObject({ name: 'InventoryError', code: 'access-denied' })
    })

    test('every page of a long list is read', async () => {
      const names = Array.from({ length: 1_050 }, (_, index) => `many-${index}`)
      for (let at = 0; at < names.length; at += 50) await Promise.all(names.slice(at, at + 50).map((name) => account.role(name)))
      const ids = await idsOf(inventory.list({ accountId: '111111111111', region: 'global', type: 'AWS.IAM.Role' }, null, stop))
      expect(new Set(ids).size).toBe(names.length)
      expect(proxy.seen.filter(({ operation }) => operation === 'ListRoles')).toHaveLength(2)
    })
  },
)
