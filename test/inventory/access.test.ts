import { expect, test, describe } from 'vitest'
import { createSessions } from '#aws'
import { createInventory } from '#inventory'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { needMoto, startMoto } from '../support/moto.ts'
import { documentedActions, neededActions } from './access.ts'
import { openAccount, policy } from './world.ts'
import { PutUserPolicyCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { idsOf } from '../support/ids.ts'

// Services with tests of their own show their permissions there.
const services = ['cloudtrail', 'iam', 'kms', 's3']
const types = ['AWS.CloudTrail', 'AWS.IAM.Role', 'AWS.IAM.User', 'AWS.KMS.Key', 'AWS.S3.Bucket']

describe.runIf(needMoto('the documented permissions'))('the documented permissions', { timeout: 60_000 }, () => {
  test('are the calls that listing and fetching make, no more and no less', async () => {
    const moto = await startMoto()
    const proxy = await startFaultProxy(moto.endpoint)
    try {
      const account = await openAccount(moto.endpoint, '111111111111')
      await account.bucket('logs')
      await Promise.all([account.user('ann'), account.role('worker'), account.key(), account.trail('main', 'logs')])
      await account.iam.send(new PutUserPolicyCommand({ UserName: 'ann', PolicyName: 'inline', PolicyDocument: policy }))
      await account.iam.send(new PutRolePolicyCommand({ RoleName: 'worker', PolicyName: 'inline', PolicyDocument: policy }))
      const credentials = { accessKeyId: 'testing', secretAccessKey: 'testing', sessionToken: 'testing' }
      const sessions = createSessions({ roleName: 'audit', externalId: 'x-1', endpoint: proxy.endpoint, credentials })
      const inventory = createInventory({ sessions })
      for (const type of types) {
        const scope = { accountId: account.accountId, region: inventory.scope(type) === 'global' ? 'global' : 'eu-west-1', type }
        const [id = ''] = await idsOf(inventory.list(scope, null, AbortSignal.timeout(10_000)))
        expect(await inventory.fetch({ ...scope, id }, AbortSignal.timeout(10_000))).toMatchObject({ status: 'present' })
      }
      expect(neededActions(proxy, services)).toEqual(documentedActions(services))
    } finally {
      await proxy.stop()
      await moto.stop()
    }
  })
})
