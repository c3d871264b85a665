import { at, isObject, textAt, type Actor, type Job, type Json, type JsonObject } from '#model'
import { isJobProvider, readJob } from './read-job.ts'
import { readTool } from './read-tool.ts'

/** What the identity's own kind tells. The rest is the same for all. */
type Named = Pick<Actor, 'identity' | 'name'> & Partial<Pick<Actor, 'claimed' | 'via' | 'job' | 'session'>>

/** Who acted, out of a record alone. Whom a role's session belongs to is often told by another record: see `traced`. */
export function readActor(record: JsonObject): Actor {
  const identity = isObject(record['userIdentity']) ? record['userIdentity'] : {}
  const kind = textOf(identity['type']) ?? 'Unknown'
  const named = nameOf(kind, identity, record)
  const invokedBy = serviceOf(identity['invokedBy'])
  const behalf = invokedBy === null || invokedBy === named.name ? [] : [invokedBy]
  const accessKeyId = textOf(identity['accessKeyId'])
  const sourceAddress = textOf(record['sourceIPAddress'])
  const userAgent = textOf(record['userAgent'])
  const temporary = accessKeyId?.startsWith('ASIA') === true
  return {
    kind,
    identity: named.identity,
    name: named.name,
    claimed: named.claimed ?? false,
    via: [...(named.via ?? []), ...behalf],
    job: named.job ?? null,
    arn: textOf(identity['arn']),
    accountId: textOf(identity['accountId']),
    accessKeyId,
    session: named.session ?? null,
    mfa: mfaOf(identity, record),
    tool: readTool({
      userAgent,
      sourceAddress,
      invokedBy,
      fromConsole: record['sessionCredentialFromConsole'] === 'true',
      person: named.identity === 'identity-center' || ((kind === 'IAMUser' || kind === 'Root') && temporary),
      machine: ['ci-job', 'workload', 'web-identity', 'aws-service', 'service-linked-role'].includes(named.identity),
    }),
    sourceAddress,
    userAgent,
  }
}

function nameOf(kind: string, identity: JsonObject, record: JsonObject): Named {
  switch (kind) {
    case 'Root':
      return { identity: 'root', name: 'root' }
    case 'IAMUser':
      return { identity: 'iam-user', name: userName(identity) ?? lastOf(identity) ?? 'unknown' }
    case 'AssumedRole':
    case 'Role':
      return ofRole(identity, record)
    case 'FederatedUser':
      return ofFederatedUser(identity)
    case 'SAMLUser':
      return { identity: 'saml', name: userName(identity) ?? lastOf(identity) ?? 'unknown', session: null }
    case 'WebIdentityUser':
      return ofWebIdentity(identity, record)
    case 'AWSService':
      return { identity: 'aws-service', name: serviceOf(identity['invokedBy']) ?? serviceOf(record['sourceIPAddress']) ?? 'AWS' }
    case 'AWSAccount':
      return ofOtherAccount(identity)
    default:
      return {
        identity: kind === 'IdentityCenterUser' ? 'identity-center' : 'unknown',
        name: userName(identity) ?? lastOf(identity) ?? 'unknown',
      }
  }
}

/** A role's session, which has as many meanings as there are ways to get one. Paths of roles that begin with `aws-` are AWS's own: nobody else can make such a role. */
function ofRole(identity: JsonObject, record: JsonObject): Named {
  const context = at(identity, 'sessionContext')
  const arn = textOf(identity['arn'])
  const [, assumed, ofArn] = /:assumed-role\/([^/]+)\/(.+)$/u.exec(arn ?? '') ?? []
  const roleArn = textAt(context, 'sessionIssuer', 'arn')
  const role = textAt(context, 'sessionIssuer', 'userName') ?? assumed ?? roleArn?.split('/').at(-1) ?? null
  const sessionName = afterColon(textOf(identity['principalId'])) ?? ofArn ?? null
  const provider = textAt(context, 'webIdFederationData', 'federatedProvider')
  const session = roleArn === null && role === null ? null : { roleArn: roleArn ?? role ?? '', name: sessionName, provider }
  const via = role === null ? [] : [role]

  const linked = /:role\/aws-service-role\/([^/]+)\//u.exec(roleArn ?? '')?.[1]
  if (linked !== undefined) return { identity: 'service-linked-role', name: linked, via, session }
  if (roleArn?.includes(':role/aws-reserved/sso.amazonaws.com/') === true && sessionName !== null) {
    return { identity: 'identity-center', name: sessionName, via, session }
  }
  const instance = at(context, 'ec2RoleDelivery') !== undefined
  if (sessionName !== null && (instance || /^i-[0-9a-f]{8,17}$/u.test(sessionName))) {
    return { identity: 'workload', name: sessionName, claimed: !instance, via, session }
  }
  const chosen = textAt(context, 'sourceIdentity') ?? (sessionName === null || isAutomatic(sessionName) ? null : sessionName)
  const name = chosen ?? role ?? lastOf(identity) ?? 'unknown'
  const shown = { name, claimed: chosen !== null, via: chosen === null ? [] : via, session }
  if (provider !== null) return { identity: isJobProvider(provider) ? 'ci-job' : 'web-identity', ...shown }
  if (/exec-env\/AWS_(?:Lambda|ECS)/u.test(textOf(record['userAgent']) ?? '')) return { identity: 'workload', ...shown }
  return { identity: 'role-session', ...shown }
}

/** Names that programs give to sessions when nobody gives one. */
const automatic =
  /^(?:aws-go-sdk-\d+|aws-sdk-\w+-(?:session-)?\d+|botocore-session-\d+|AWSCLI-Session|GitHubActions|web-identity|default|session|terraform)$/iu

function isAutomatic(sessionName: string): boolean {
  return automatic.test(sessionName) || /^\d{9,20}$/u.test(sessionName)
}

/** The user or root who asked for the session gave it its name. */
function ofFederatedUser(identity: JsonObject): Named {
  const issuer = textAt(identity, 'sessionContext', 'sessionIssuer', 'userName')
  const name = lastOf(identity) ?? userName(identity) ?? 'unknown'
  return { identity: 'federated-user', name, claimed: true, via: issuer === null ? [] : [issuer] }
}

function ofWebIdentity(identity: JsonObject, record: JsonObject): Named {
  const provider = textOf(identity['identityProvider']) ?? ''
  const subject = userName(identity) ?? lastOf(identity) ?? 'unknown'
  const job = readJob({ provider, subject, sessionName: textAt(record, 'requestParameters', 'roleSessionName') })
  if (job !== null) return { identity: 'ci-job', name: jobName(job), job }
  // Pods of EKS: `system:serviceaccount:NAMESPACE:NAME`.
  const pod = /^system:serviceaccount:([^:]+):([^:]+)$/u.exec(subject)
  return { identity: 'web-identity', name: pod === null ? subject : `${pod[1]}/${pod[2]}` }
}

function jobName({ repository, workflow, ref, run }: Job): string {
  return [repository, workflow ?? ref, run === null ? null : `run ${run}`].filter((each) => each !== null).join(' ')
}

function ofOtherAccount(identity: JsonObject): Named {
  const { principalId, accountId } = identity
  const account = textOf(accountId)
  if ([account, textOf(principalId)].some((each) => /^anonymous(?:_principal)?$/iu.test(each ?? ''))) {
    return { identity: 'anonymous', name: 'anybody, without signing in' }
  }
  const sessionName = afterColon(textOf(principalId))
  const where = account === null ? 'another account' : `account ${account}`
  if (sessionName === null || isAutomatic(sessionName)) return { identity: 'other-account', name: where }
  return { identity: 'other-account', name: sessionName, claimed: true, via: [where] }
}

/** AWS hides what people typed as their name when they failed to sign in: it may be their password. */
function userName(identity: JsonObject): string | null {
  const name = textOf(identity['userName'])
  return name === 'HIDDEN_DUE_TO_SECURITY_REASONS' ? 'a user whose name AWS hides' : name
}

/** The last part of what names the principal, when it is not an id that nobody knows. */
function lastOf(identity: JsonObject): string | null {
  const principal = textOf(identity['principalId'])
  const arn = textOf(identity['arn'])
  const named = afterColon(principal) ?? (arn === null ? null : arn.slice(arn.lastIndexOf('/') + 1))
  const behalf = textAt(identity, 'onBehalfOf', 'userId')
  return named || principal || (behalf === null ? textOf(identity['accountId']) : `user ${behalf}`)
}

/** `AROA…:session`, `provider:audience:subject`: what stands behind the first colon. */
function afterColon(text: string | null): string | null {
  if (text === null || !text.includes(':')) return null
  return text.slice(text.indexOf(':') + 1) || null
}

/** A service's name; `AWS Internal` names none. */
function serviceOf(value: Json | undefined): string | null {
  const text = textOf(value)
  return text !== null && /^[a-z0-9.-]+\.amazon(?:aws)?\.com(?:\.cn)?$/iu.test(text) ? text : null
}

function mfaOf(identity: JsonObject, record: JsonObject): boolean | null {
  const said = textAt(identity, 'sessionContext', 'attributes', 'mfaAuthenticated')
  if (said !== null) return said === 'true'
  const used = textAt(record, 'additionalEventData', 'MFAUsed')
  return used === null ? null : used === 'Yes'
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
