import * as config from '@aws-sdk/client-config-service'
import * as guardduty from '@aws-sdk/client-guardduty'
import * as iam from '@aws-sdk/client-iam'
import { expect, test, describe } from 'vitest'
import { needMoto } from '../support/moto.ts'
import { playRecordings } from '../support/recordings.ts'
import { documentedActions, neededActions } from './access.ts'
import { onlyRegions } from './few-regions.ts'
import { one, openStand } from './stand.ts'
import { openAccount, policy } from './world.ts'

// Services with tests of their own show their permissions there. `regions` is what is asked of EC2 for these.
const services = ['cloudtrail', 'config', 'guardduty', 'iam', 'kms', 'regions', 's3']
const types = /^AWS\.(?:CloudTrail|Config|GuardDuty|IAM|KMS|PasswordPolicy|S3)\b/

describe.runIf(needMoto('the documented permissions'))('the documented permissions', { timeout: 120_000 }, () => {
  test('are the calls that listing and fetching make, no more and no less', async () => {
    await using stand = await openStand()
    const options = await stand.options(one)
    const account = await openAccount(options.endpoint, one)
    await account.bucket('logs')
    await Promise.all([account.user('ann'), account.role('worker'), account.key(), account.trail('main', 'logs')])
    const PolicyDocument = policy
    const [GroupName, PolicyName] = ['staff', 'inline']
    await account.iam.send(new iam.PutUserPolicyCommand({ UserName: 'ann', PolicyName, PolicyDocument }))
    await account.iam.send(new iam.PutRolePolicyCommand({ RoleName: 'worker', PolicyName, PolicyDocument }))
    await account.iam.send(new iam.CreateGroupCommand({ GroupName }))
    await account.iam.send(new iam.PutGroupPolicyCommand({ GroupName, PolicyName, PolicyDocument }))
    await account.iam.send(new iam.CreatePolicyCommand({ PolicyName: 'read', PolicyDocument }))
    const recorder = { name: 'default', roleARN: `arn:aws:iam::${one}:role/config` }
    const put = new config.PutConfigurationRecorderCommand({ ConfigurationRecorder: recorder })
    await new config.ConfigServiceClient(options).send(put)
    await new guardduty.GuardDutyClient(options).send(new guardduty.CreateDetectorCommand({ Enable: true }))

    onlyRegions(stand.proxy, 'eu-west-1')
    // What moto's recorders and root user do not have.
    const arn = `arn:aws:config:eu-west-1:${one}:configuration-recorder/default/x1`
    const named = (body: string): string => body.replace('{"name"', `{"arn": "${arn}", "name"`)
    stand.proxy.inject({ operation: 'DescribeConfigurationRecorders' }, { kind: 'rewrite', change: named })
    playRecordings(stand.proxy, 'config.ListTagsForResource')
    const guarded = (body: string): string => body.replace(/(<key>AccountMFAEnabled<\/key>\s*<value>)0/, '$11')
    stand.proxy.inject({ operation: 'GetAccountSummary' }, { kind: 'rewrite', change: guarded })

    for (const type of stand.inventory.types.filter((each) => types.test(each))) {
      const [id = ''] = await stand.list(type)
      expect(await stand.fetch(type, id)).toMatchObject({ status: 'present', attributes: { ResourceId: id, ResourceType: type } })
    }
    expect(neededActions(stand.proxy, services)).toEqual(documentedActions(services))
  })
})
