import { textAt, type AuditEvent, type OpenedSession } from '#model'

/** Of STS's calls those whose key hides who got it: keys of `GetSessionToken` and `GetFederationToken` carry their user's name. */
const openers: ReadonlySet<string> = new Set(['AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity'])

/**
 * The session that an event opened; null for all others, and for roles that AWS's services take for instances and functions, which are most
 * of the traffic and have nobody behind them. Secret parts of the answer are not looked at.
 */
export function sessionOf(event: AuditEvent): OpenedSession | null {
  if (event.source !== 'sts.amazonaws.com' || event.errorCode !== null || !openers.has(event.name)) return null
  const { record } = event
  const accessKeyId = textAt(record, 'responseElements', 'credentials', 'accessKeyId')
  if (accessKeyId === null || !/^ASIA[A-Z0-9]{8,124}$/u.test(accessKeyId)) return null
  const roleArn = textAt(record, 'requestParameters', 'roleArn')
  const name = textAt(record, 'requestParameters', 'roleSessionName') ?? sessionNameOf(record)
  if (roleArn === null || roleArn.length > 2_048 || name === null || name.length > 256) return null
  if (textAt(record, 'userIdentity', 'type') === 'AWSService') return null
  return { accessKeyId, roleArn, name, openedAt: event.time, by: event.actor }
}

/** A SAML sign-in does not ask for a name: the provider gives it. */
function sessionNameOf(record: AuditEvent['record']): string | null {
  const arn = textAt(record, 'responseElements', 'assumedRoleUser', 'arn')
  return arn === null ? null : arn.slice(arn.lastIndexOf('/') + 1) || null
}
