import type { DescribeSecretResponse } from '@aws-sdk/client-secrets-manager'
import type { Session } from '#aws'
import { awsCodeOf, unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, idPages, must, resourceOf } from '../reading.ts'
import { secretsmanagerSecretShape } from '../shapes/secretsmanager-secret.ts'

const type = 'AWS.SecretsManager.Secret'

/** Six random letters, which AWS puts behind the name; and what IAM writes for any six. */
const suffix = /-[A-Za-z0-9]{6}$/
const anySuffix = '-??????'

/**
 * `arn:aws:secretsmanager:{region}:{accountId}:secret:{name}-{suffix}`, read in one round of calls; never its value. Many events
 * know a secret by name alone, so in events its id ends in `-??????`. One that waits for its deletion is still there.
 */
export const secretsmanagerSecret: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  volatile: [
    'LastAccessedDate',
    'NextRotationDate',
    'ReplicationStatus[].LastAccessedDate',
    'ReplicationStatus[].Status',
    'ReplicationStatus[].StatusMessage',
  ],
  eventId: (id) => id.replace(suffix, anySuffix),
  async *list(session, token) {
    const { paginateListSecrets } = await import('@aws-sdk/client-secrets-manager')
    const paging = { client: await session.client('secretsmanager'), pageSize: 100, ...after(token) }
    yield* idPages(
      paginateListSecrets(paging, { IncludePlannedDeletion: true }),
      ({ SecretList }) => SecretList?.map(({ ARN }) => must(ARN, 'ARN')),
      ({ NextToken }) => NextToken,
    )
  },
  async fetch(session, ref) {
    const name = resourceOf(session, 'secretsmanager', ref.id, 'secret:')
    if (name === null) return { status: 'gone' }
    const found = await read(session, name.endsWith(anySuffix) ? name.slice(0, -anySuffix.length) : ref.id)
    if (found === null) return { status: 'gone' }
    const [secret, policy] = found
    const attributes = secretsmanagerSecretShape.parse({
      ...secret,
      AccountId: session.accountId,
      Region: session.region,
      ResourceId: secret.ARN,
      ResourceType: type,
      TimeCreated: secret.CreatedDate,
      Arn: secret.ARN,
      Id: secret.ARN,
      ResourcePolicy: policy,
    })
    return { status: 'present', attributes }
  },
}

async function read(session: Session, SecretId: string): Promise<[DescribeSecretResponse, string | null] | null> {
  const aws = await import('@aws-sdk/client-secrets-manager')
  const client = await session.client('secretsmanager')
  const [described, told] = await Promise.allSettled([
    unless(client.send(new aws.DescribeSecretCommand({ SecretId })), 'ResourceNotFound'),
    client.send(new aws.GetResourcePolicyCommand({ SecretId })),
  ])
  if (described.status === 'rejected') throw described.reason
  const secret = described.value
  if (secret === null) return null
  if (told.status === 'fulfilled') return [secret, told.value.ResourcePolicy ?? null]
  // AWS does not tell the policy of a secret that waits for its deletion.
  if (secret.DeletedDate !== undefined && awsCodeOf(told.reason) === 'InvalidRequest') return [secret, null]
  throw told.reason
}
