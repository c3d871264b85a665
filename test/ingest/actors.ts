import type { Actor } from '#model'
import { decode } from '#ingest'
import { aRecord } from '../support/records.ts'

export const account = '111122223333'

/** The actor of a record, as ingest makes it. */
export function actorOf(record: Record<string, unknown>): Actor {
  const [read] = decode(JSON.stringify(record), { accounts: null, regions: null, times: 'any' }).events
  if (read === undefined) throw new Error('the record was refused')
  return read.event.actor
}

/** A session of a role, as later calls name it. */
export function ofRole(role: string, session: string, more: Record<string, unknown> = {}, path = ''): Record<string, unknown> {
  return {
    type: 'AssumedRole',
    principalId: `AROAEXAMPLE:${session}`,
    arn: `arn:aws:sts::${account}:assumed-role/${role}/${session}`,
    accountId: account,
    accessKeyId: 'ASIAEXAMPLE000000001',
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: 'AROAEXAMPLE',
        arn: `arn:aws:iam::${account}:role/${path}${role}`,
        accountId: account,
        userName: role,
      },
      attributes: { creationDate: '2026-11-21T10:00:00Z', mfaAuthenticated: 'false' },
      ...more,
    },
  }
}

/** The identity of a call with a web identity's token. */
export function webIdentity(host: string, subject: string): Record<string, unknown> {
  const identityProvider = `arn:aws:iam::${account}:oidc-provider/${host}`
  return {
    type: 'WebIdentityUser',
    principalId: `${identityProvider}:sts.amazonaws.com:${subject}`,
    userName: subject,
    identityProvider,
  }
}

interface Case {
  readonly who: string
  readonly identity: Record<string, unknown>
  /** The rest of the record. */
  readonly record?: Record<string, unknown>
  readonly is: Actor['identity']
  /** As the message says it: name, and what is said of it. */
  readonly shown: string
  readonly from?: string
}

const sso = 'aws-reserved/sso.amazonaws.com/eu-central-1/'
const github = 'token.actions.githubusercontent.com'
const signIn = { requestParameters: { roleSessionName: 'deploy-7411223344' } }

/** Each kind of identity and what is shown of it. `docs/who.md` is held to these. */
export const cases: readonly Case[] = [
  {
    who: 'Root',
    identity: { type: 'Root', accountId: account, arn: `arn:aws:iam::${account}:root`, userName: 'the-alias' },
    is: 'root',
    shown: 'root (the account’s root user)',
  },
  {
    who: 'An IAM user with a key',
    identity: {
      type: 'IAMUser',
      userName: 'alice',
      accessKeyId: 'AKIAEXAMPLE000000001',
      arn: `arn:aws:iam::${account}:user/alice`,
    },
    is: 'iam-user',
    shown: 'alice (IAM user)',
  },
  {
    who: 'An IAM user at the console, signed in with a password alone',
    identity: {
      type: 'IAMUser',
      userName: 'alice',
      accessKeyId: 'ASIAEXAMPLE000000001',
      sessionContext: { attributes: { mfaAuthenticated: 'false' } },
    },
    record: { sessionCredentialFromConsole: 'true', userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0' },
    is: 'iam-user',
    shown: 'alice (IAM user, without MFA)',
    from: '198.51.100.7 with AWS console',
  },
  {
    who: 'Somebody whose sign-in failed',
    identity: { type: 'IAMUser', userName: 'HIDDEN_DUE_TO_SECURITY_REASONS', accountId: account },
    is: 'iam-user',
    shown: 'a user whose name AWS hides (IAM user)',
  },
  {
    who: 'Single sign-on (Identity Center)',
    identity: ofRole('AWSReservedSSO_Engineer_5d0c1f2e3a4b6978', 'dana@acme.example', {}, sso),
    is: 'identity-center',
    shown: 'dana@acme.example (Identity Center, Engineer)',
  },
  {
    who: 'An Identity Center user, directly',
    identity: {
      type: 'IdentityCenterUser',
      accountId: account,
      onBehalfOf: { userId: '544894e8-80c1-707f', identityStoreArn: 'arn' },
    },
    is: 'identity-center',
    shown: 'user 544894e8-80c1-707f (Identity Center)',
  },
  {
    who: 'A SAML sign-in',
    identity: {
      type: 'SAMLUser',
      principalId: 'SampleUk97anv1JZ=:erin@acme.example',
      userName: 'erin@acme.example',
      identityProvider: `arn:aws:iam::${account}:saml-provider/okta`,
    },
    is: 'saml',
    shown: 'erin@acme.example (SAML sign-in)',
  },
  {
    who: 'A GitHub Actions job',
    identity: webIdentity(github, 'repo:acme/shop:ref:refs/heads/main'),
    record: signIn,
    is: 'ci-job',
    shown: 'acme/shop main run 7411223344 (GitHub Actions)',
  },
  {
    who: 'A GitHub Actions job whose token names the workflow',
    identity: webIdentity(
      github,
      'repo:acme/shop:environment:prod:job_workflow_ref:acme/ci/.github/workflows/deploy.yml@refs/heads/main',
    ),
    record: signIn,
    is: 'ci-job',
    shown: 'acme/shop deploy.yml run 7411223344 (GitHub Actions, prod)',
  },
  {
    who: 'A GitLab job',
    identity: webIdentity('gitlab.com', 'project_path:acme/web/shop:ref_type:branch:ref:main'),
    record: { requestParameters: { roleSessionName: 'gitlab-55-889900' } },
    is: 'ci-job',
    shown: 'acme/web/shop main run 889900 (GitLab CI)',
  },
  {
    who: 'A run of Terraform Cloud',
    identity: webIdentity('app.terraform.io', 'organization:acme:project:Default Project:workspace:shop-prod:run_phase:apply'),
    record: { requestParameters: { roleSessionName: 'terraform-run-AbCdEf0123456789' } },
    is: 'ci-job',
    shown: 'acme/shop-prod apply run run-AbCdEf0123456789 (Terraform Cloud)',
  },
  {
    who: 'A build’s session, before its sign-in is known',
    identity: ofRole('ci-apply', 'GitHubActions', {
      webIdFederationData: { federatedProvider: `arn:aws:iam::${account}:oidc-provider/${github}`, attributes: {} },
    }),
    is: 'ci-job',
    shown: 'ci-apply (a build)',
  },
  {
    who: 'A pod of EKS',
    identity: webIdentity('oidc.eks.eu-west-1.amazonaws.com/id/ABC', 'system:serviceaccount:payments:ledger'),
    is: 'web-identity',
    shown: 'payments/ledger (web identity)',
  },
  {
    who: 'Another web identity',
    identity: webIdentity('accounts.google.com', '118200000000000000000'),
    is: 'web-identity',
    shown: '118200000000000000000 (web identity)',
  },
  {
    who: 'A federated user',
    identity: {
      type: 'FederatedUser',
      principalId: `${account}:frank`,
      arn: `arn:aws:sts::${account}:federated-user/frank`,
      sessionContext: { sessionIssuer: { type: 'IAMUser', userName: 'broker' } },
    },
    is: 'federated-user',
    shown: 'frank (federated user, via broker)',
  },
  {
    who: 'A role’s session with a name',
    identity: ofRole('admin', 'gina'),
    is: 'role-session',
    shown: 'gina (as the session is called; whose it is, is not known, via admin)',
  },
  {
    who: 'A role’s session that a program named',
    identity: ofRole('deploy', 'aws-go-sdk-1688990515440126480'),
    is: 'role-session',
    shown: 'deploy (a role; whose session it is, is not known)',
  },
  {
    who: 'A role’s session with a source identity',
    identity: ofRole('deploy', 'botocore-session-1688990515', { sourceIdentity: 'hana' }),
    is: 'role-session',
    shown: 'hana (as the session is called; whose it is, is not known, via deploy)',
  },
  {
    who: 'An EC2 instance',
    identity: ofRole('web', 'i-05c30218156bcc246', { ec2RoleDelivery: '2.0' }),
    is: 'workload',
    shown: 'i-05c30218156bcc246 (EC2 instance, via web)',
  },
  {
    who: 'A Lambda function',
    identity: ofRole('janitor-role', 'janitor'),
    record: { userAgent: 'Boto3/1.34 md/Botocore#1.34 exec-env/AWS_Lambda_python3.13' },
    is: 'workload',
    shown: 'janitor (a program in AWS, via janitor-role)',
    from: '198.51.100.7 with boto3 1.34',
  },
  {
    who: 'A service-linked role',
    identity: ofRole('AWSServiceRoleForRDS', 'SLRManagement', {}, 'aws-service-role/rds.amazonaws.com/'),
    is: 'service-linked-role',
    shown: 'rds.amazonaws.com (AWS service)',
  },
  {
    who: 'An AWS service',
    identity: { type: 'AWSService', invokedBy: 'autoscaling.amazonaws.com' },
    record: { sourceIPAddress: 'autoscaling.amazonaws.com', userAgent: 'autoscaling.amazonaws.com' },
    is: 'aws-service',
    shown: 'autoscaling.amazonaws.com (AWS service)',
    from: 'AWS service autoscaling',
  },
  {
    who: 'A service on a person’s behalf',
    identity: {
      ...ofRole('AWSReservedSSO_Engineer_5d0c1f2e3a4b6978', 'dana@acme.example', {}, sso),
      invokedBy: 'cloudformation.amazonaws.com',
    },
    record: { sourceIPAddress: 'cloudformation.amazonaws.com', userAgent: 'cloudformation.amazonaws.com' },
    is: 'identity-center',
    shown: 'dana@acme.example (Identity Center, Engineer, via cloudformation)',
    from: 'CloudFormation',
  },
  {
    who: 'A session of another account',
    identity: { type: 'AWSAccount', principalId: 'AROAEXAMPLE:ivan@other.example', accountId: '444455556666' },
    is: 'other-account',
    shown: 'ivan@other.example (from another account, via account 444455556666)',
  },
  {
    who: 'Another account',
    identity: { type: 'AWSAccount', principalId: 'AIDAEXAMPLE', accountId: '444455556666' },
    is: 'other-account',
    shown: 'account 444455556666 (from another account)',
  },
  {
    who: 'Anybody',
    identity: { type: 'AWSAccount', principalId: '', accountId: 'ANONYMOUS_PRINCIPAL' },
    is: 'anonymous',
    shown: 'anybody, without signing in (anonymous)',
  },
  {
    who: 'A kind that we do not know',
    identity: { type: 'Directory', userName: 'julia' },
    is: 'unknown',
    shown: 'julia (Directory)',
  },
  { who: 'Nobody is named', identity: {}, is: 'unknown', shown: 'unknown (Unknown)' },
]

/** The record of a case. */
export function recordOf({ identity, record }: Pick<Case, 'identity' | 'record'>): Record<string, unknown> {
  return aRecord({ account, source: 's3.amazonaws.com', name: 'PutBucketPolicy', extra: { userIdentity: identity, ...record } })
}
