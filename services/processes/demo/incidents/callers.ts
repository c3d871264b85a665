import type { JsonObject } from '#model'
import type { Account } from '../account.ts'
import type { Caller } from '../cloudtrail-event.ts'

const browser =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'

/** Dana, an engineer, through single sign-on and the command line. */
export const dana: Caller = {
  address: '203.0.113.24',
  agent: 'aws-cli/2.31.18 md/awscrt#0.27.6 ua/2.1 os/macos#25.1.0 md/arch#arm64 lang/python#3.13.9 cfg/retry-mode#standard',
  identity: (account) =>
    assumed(
      account,
      'AWSReservedSSO_Engineer_5d0c1f2e3a4b6978',
      'dana@acme.example',
      'aws-reserved/sso.amazonaws.com/eu-central-1/',
    ),
}
/** Terraform, run by the build. */
export const pipeline: Caller = {
  address: '198.51.100.61',
  agent: 'APN/1.0 HashiCorp/1.0 Terraform/1.13.5 (+https://www.terraform.io) terraform-provider-aws/6.21.0',
  identity: (account) => assumed(account, 'ci-apply', 'build-4711'),
}
/** Terraform again, run by the release. */
export const release: Caller = {
  ...pipeline,
  identity: (account) => ({ ...assumed(account, 'ci-apply', 'release-2210'), accessKeyId: 'ASIAEXAMPLE000000002' }),
}
/** A stolen access key of the deployment user. */
export const stolenKey: Caller = {
  address: '192.0.2.77',
  agent: 'Boto3/1.40.71 md/Botocore#1.40.71 ua/2.1 os/linux#6.12.48-kali1 md/arch#x86_64 lang/python#3.13.7',
  identity: (account) => ({
    type: 'IAMUser',
    principalId: 'AIDAEXAMPLECIDEPLOY01',
    arn: `arn:aws:iam::${account.id}:user/ci-deployer`,
    accountId: account.id,
    accessKeyId: 'AKIAEXAMPLECIDEPLOY1',
    userName: 'ci-deployer',
  }),
}
/** The root user, in a browser. */
export const root: Caller = {
  address: '192.0.2.140',
  agent: browser,
  identity: (account) => ({
    type: 'Root',
    principalId: account.id,
    arn: `arn:aws:iam::${account.id}:root`,
    accountId: account.id,
    accessKeyId: '',
  }),
}
/** Milo, a user of the development account, in a browser. */
export const milo: Caller = {
  address: '203.0.113.90',
  agent: browser,
  identity: (account) => ({
    type: 'IAMUser',
    principalId: 'AIDAEXAMPLEMILO000001',
    arn: `arn:aws:iam::${account.id}:user/milo`,
    accountId: account.id,
    userName: 'milo',
  }),
}

function assumed(account: Account, role: string, session: string, path = ''): JsonObject {
  return {
    type: 'AssumedRole',
    principalId: `AROAEXAMPLE${account.id}:${session}`,
    arn: `arn:aws:sts::${account.id}:assumed-role/${role}/${session}`,
    accountId: account.id,
    accessKeyId: 'ASIAEXAMPLE000000001',
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: `AROAEXAMPLE${account.id}`,
        arn: `arn:aws:iam::${account.id}:role/${path}${role}`,
        accountId: account.id,
        userName: role,
      },
      attributes: { creationDate: `${new Date().toISOString().slice(0, 13)}:00:00Z`, mfaAuthenticated: 'true' },
    },
  }
}
