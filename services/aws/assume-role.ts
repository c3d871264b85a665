import type { AssumeRoleCommandOutput, STSClient } from '@aws-sdk/client-sts'
import { ask, type Clock } from './clients.ts'
import type { Assumed, Credentials } from './credentials.ts'
import { AwsError, toAwsError, type Call } from './error.ts'
import { send, type Pace } from './send.ts'

/** Which role to assume, and how. */
export interface RoleConfig {
  /** The role's name, or an ARN with `{accountId}` (and `{partition}`) in it. */
  readonly roleName: string
  readonly externalId: string
  readonly sessionName: string
  readonly client: (region: string) => Promise<STSClient>
  readonly pace: (call: Call) => Pace
  readonly clock: Clock
}

const lifeSeconds = 3_600
/** Several callers share one AssumeRole: it is not ended with any one of them, only by its deadlines. */
const shared = new AbortController().signal
/** AWS tells its time in whole seconds: a smaller difference is none. */
const clockTolerance = 2_000

/** Assumes the audit role of an account, always with the ExternalId, and makes sure that it is that account's. */
export async function assumeRole(config: RoleConfig, accountId: string, partition: string, region: string): Promise<Assumed> {
  const call: Call = { service: 'sts', operation: 'AssumeRole', accountId, region }
  if (!/^\d{12}$/.test(accountId)) throw new AwsError('bad-answer', call, 'InvalidAccountId', 'an account id has 12 digits')
  const [{ AssumeRoleCommand }, client] = await Promise.all([import('@aws-sdk/client-sts'), config.client(region)])
  const command = new AssumeRoleCommand({
    RoleArn: roleArn(config.roleName, accountId, partition),
    RoleSessionName: config.sessionName,
    ExternalId: config.externalId,
    DurationSeconds: lifeSeconds,
  })
  const answer: AssumeRoleCommandOutput = await send(call, config.pace(ours(call)), shared, {
    once: (abortSignal) => ask(client, command, abortSignal, call, config.clock) as Promise<AssumeRoleCommandOutput>,
    // These would be our own; the SDK's chain renews them itself.
    renew: () => undefined,
    place: { known: false },
  }).catch((error: unknown) => {
    throw refused(toAwsError(error, call))
  })
  const given = answer.AssumedRoleUser?.Arn?.split(':')[4] ?? 'none'
  if (given !== accountId) {
    const safe = /^\d{12}$/.test(given) ? given : 'none'
    throw new AwsError('wrong-account', call, 'WrongAccount', `expected a session of account ${accountId}, got one of ${safe}`)
  }
  const offsetMs = Math.abs(client.config.systemClockOffset) < clockTolerance ? 0 : client.config.systemClockOffset
  const endsAt = answer.Credentials?.Expiration?.getTime() ?? Number.POSITIVE_INFINITY
  const lifeMs = Math.min(lifeSeconds * 1_000, Math.max(1_000, endsAt - Date.now() - offsetMs))
  return { credentials: credentialsOf(answer.Credentials ?? {}, call), lifeMs }
}

/** Whatever account's role is asked for, STS counts the calls of the one who asks. */
function ours(call: Call): Call {
  return { ...call, accountId: 'own' }
}

/** STS says AccessDenied for a role that is not there, does not trust us, or wants another ExternalId alike; only a policy above is named. */
function refused(error: AwsError): AwsError {
  if (error.code === 'access-denied')
    return new AwsError('role-missing', error.call, error.awsCode, 'the role is missing or does not trust us with this ExternalId')
  // Here it is our own credentials that are not known, no matter of the account's.
  if (error.code === 'region-off' && error.awsCode !== 'RegionDisabled')
    return new AwsError('unavailable', error.call, error.awsCode, 'our own credentials are not accepted')
  return error
}

function credentialsOf(
  given: { AccessKeyId?: string | undefined; SecretAccessKey?: string | undefined; SessionToken?: string | undefined },
  call: Call,
): Credentials {
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = given
  if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined)
    throw new AwsError('bad-answer', call, 'NoCredentials', 'expected credentials in the answer')
  return { accessKeyId, secretAccessKey, sessionToken }
}

function roleArn(role: string, accountId: string, partition: string): string {
  const template = role.startsWith('arn:') ? role : `arn:{partition}:iam::{accountId}:role/${role}`
  return template.replaceAll('{partition}', partition).replaceAll('{accountId}', accountId)
}
