import type { KeyMetadata } from '@aws-sdk/client-kms'
import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, gather, idPages, lastPart, must } from '../reading.ts'
import { kmsKeyShape } from '../shapes/kms-key.ts'

const type = 'AWS.KMS.Key'

/** `arn:aws:kms:{region}:{accountId}:key/{key-id}`, read in one round of calls. */
export const kmsKey: Fetcher = {
  type,
  shape: 2,
  scope: 'regional',
  async *list(session, token) {
    const { paginateListKeys } = await import('@aws-sdk/client-kms')
    const pages = paginateListKeys({ client: await session.client('kms'), pageSize: 1_000, ...after(token) }, {})
    yield* idPages(
      pages,
      ({ Keys }) => Keys?.map(({ KeyArn }) => must(KeyArn, 'KeyArn')),
      ({ NextMarker }) => NextMarker,
    )
  },
  async fetch(session, ref) {
    const id = lastPart(ref.id)
    const [described, policy, rotation, tags] = await Promise.allSettled([
      describe(session, id),
      policyOf(session, id),
      rotationOf(session, id),
      tagsOf(session, id),
    ])
    const key = settled(described)
    if (key === null) return { status: 'gone' }
    // AWS rotates its own keys as it likes, and does not let their tags be read everywhere: both are ours to know only for customers' keys.
    const ours = key.KeyManager === 'CUSTOMER'
    const arn = must(key.Arn, 'Arn')
    const attributes = kmsKeyShape.parse({
      ...key,
      AccountId: session.accountId,
      Region: session.region,
      ResourceId: arn,
      ResourceType: type,
      Tags: ours ? settled(tags) : null,
      TimeCreated: key.CreationDate,
      Id: key.KeyId,
      KeyRotationEnabled: ours ? settled(rotation) : null,
      Policy: settled(policy),
    })
    return { status: 'present', attributes }
  },
}

async function describe(session: Session, KeyId: string): Promise<KeyMetadata | null> {
  const { DescribeKeyCommand } = await import('@aws-sdk/client-kms')
  const kms = await session.client('kms')
  const answer = await unless(kms.send(new DescribeKeyCommand({ KeyId })), 'NotFound')
  return answer === null ? null : must(answer.KeyMetadata, 'KeyMetadata')
}

async function policyOf(session: Session, KeyId: string): Promise<string | null> {
  const { GetKeyPolicyCommand } = await import('@aws-sdk/client-kms')
  const kms = await session.client('kms')
  return (await kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' }))).Policy ?? null
}

/** Null for keys that cannot rotate: asymmetric, imported, from another store, not yet usable. */
async function rotationOf(session: Session, KeyId: string): Promise<boolean | null> {
  const { GetKeyRotationStatusCommand } = await import('@aws-sdk/client-kms')
  const kms = await session.client('kms')
  const answer = await unless(kms.send(new GetKeyRotationStatusCommand({ KeyId })), 'UnsupportedOperation', 'KMSInvalidState')
  return answer?.KeyRotationEnabled ?? null
}

async function tagsOf(session: Session, KeyId: string) {
  const { paginateListResourceTags } = await import('@aws-sdk/client-kms')
  const pages = paginateListResourceTags({ client: await session.client('kms'), pageSize: 50 }, { KeyId })
  const tags = await gather(pages, (page) => page.Tags)
  return tags.map(({ TagKey: Key, TagValue: Value }) => ({ Key, Value }))
}

function settled<Value>(result: PromiseSettledResult<Value>): Value {
  if (result.status === 'rejected') throw result.reason
  return result.value
}
