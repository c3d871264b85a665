import { randomBytes } from 'node:crypto'
import type { Account } from './account.ts'
import { fault, text, type Answer, type Call, type Service } from './aws-wire.ts'

/** A session that AssumeRole gave out. */
export interface RoleSession {
  readonly account: Account
  readonly session: string
  readonly token: string
  readonly expiresAt: number
}

/** STS over the given accounts. Sessions are kept in the map, by access key id. */
export function createSts(accounts: readonly Account[], sessions: Map<string, RoleSession>): Service {
  return {
    name: 'sts',
    protocol: 'query',
    namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    actions: {
      AssumeRole: (call) => assumeRole(call, accounts, sessions),
      GetCallerIdentity: ({ account, session }) => ({
        result: {
          Arn: session === '' ? `arn:aws:iam::${account.id}:role/tripline` : assumedArn(account, session),
          UserId: session === '' ? 'AROAHUB:tripline' : `AROA${account.id}:${session}`,
          Account: account.id,
        },
      }),
    },
  }
}

function assumeRole(call: Call, accounts: readonly Account[], sessions: Map<string, RoleSession>): Answer {
  const arn = text(call, 'RoleArn')
  const account = accounts.find((each) => arn === `arn:aws:iam::${each.id}:role/${each.auditRole.name}`)
  // As AWS: a role that does not exist and one that does not trust the caller cannot be told apart.
  if (account === undefined || text(call, 'ExternalId') !== account.auditRole.externalId) {
    return fault(
      'AccessDenied',
      `User: arn:aws:iam::${call.account.id}:role/tripline is not authorized to perform: sts:AssumeRole on resource: ${arn}`,
      403,
    )
  }
  const session = text(call, 'RoleSessionName')
  if (!/^[\w+=,.@-]{2,64}$/.test(session)) {
    return fault(
      'ValidationError',
      `1 validation error detected: Value '${session}' at 'roleSessionName' failed to satisfy constraint`,
    )
  }
  const lifeSeconds = Number(text(call, 'DurationSeconds') || 3600)
  const given = {
    AccessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
    SecretAccessKey: randomBytes(20).toString('hex'),
    SessionToken: randomBytes(48).toString('base64'),
    Expiration: new Date(Date.now() + lifeSeconds * 1000).toISOString(),
  }
  sessions.set(given.AccessKeyId, { account, session, token: given.SessionToken, expiresAt: Date.now() + lifeSeconds * 1000 })
  return {
    result: {
      Credentials: given,
      AssumedRoleUser: { AssumedRoleId: `AROA${account.id}:${session}`, Arn: assumedArn(account, session) },
    },
  }
}

function assumedArn(account: Account, session: string): string {
  return `arn:aws:sts::${account.id}:assumed-role/${account.auditRole.name}/${session}`
}
