import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import type { AwsError } from '#aws'
import { InventoryError, type Inventory } from '#inventory'
import type { Config } from '../processes/config.ts'
import { inventoryOf } from '../processes/run.ts'
import { attempt, wordsOf, type Finding } from './check-finding.ts'

const timeoutMs = 10_000
/** One account's listings are asked for side by side. */
const together = 8

/** Who we are, then the queues, then the role of each account once, then what it may list and read. */
export async function* checkAws(config: Config): AsyncGenerator<Finding> {
  const identity = await attempt('AWS credentials', () => callerOf(config))
  yield identity
  if (!identity.ok) return
  for (const queue of queuesOf(config)) yield attempt(`queue ${queue.queueUrl}`, () => queueWords(queue))
  for (const source of config.sources) {
    if (!('s3' in source)) continue
    for (const bucket of source.s3.buckets ?? []) yield attempt(`bucket ${bucket}`, () => bucketWords(source.s3, bucket))
  }
  const inventory = inventoryOf(config, () => 1)
  for (const account of config.accounts)
    yield attempt(`account ${account.name} (${account.id})`, () => accountFinding(account, inventory))
}

type S3 = Extract<Config['sources'][number], { s3: unknown }>['s3']
type Queue = S3 | Extract<Config['sources'][number], { sqs: unknown }>['sqs']

/** Every queue that is read, whatever lies on it. */
export function queuesOf({ sources }: Pick<Config, 'sources'>): readonly Queue[] {
  return sources.flatMap((source): readonly Queue[] => ('s3' in source ? [source.s3] : 'sqs' in source ? [source.sqs] : []))
}

async function callerOf(config: Config): Promise<string> {
  const { aws } = config
  const region = process.env['AWS_REGION'] ?? queuesOf(config)[0]?.region ?? 'us-east-1'
  const client = new STSClient({ maxAttempts: 1, region, ...(aws.endpoint === undefined ? {} : { endpoint: aws.endpoint }) })
  try {
    const { Arn } = await client.send(new GetCallerIdentityCommand({}), { abortSignal: AbortSignal.timeout(timeoutMs) })
    return `we are ${Arn ?? 'known'}`
  } catch (error) {
    const none = error instanceof Error && error.name === 'CredentialsProviderError'
    const what = none ? 'none are found' : `cannot be used: ${wordsOf(error)}`
    throw new Error(
      `${what}; allowed: AWS_PROFILE, AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, or the role of the machine. Queues and accounts are not looked at`,
      { cause: error },
    )
  } finally {
    client.destroy()
  }
}

async function queueWords({ queueUrl, region, endpoint }: Queue): Promise<string> {
  const where = { ...(region === undefined ? {} : { region }), ...(endpoint === undefined ? {} : { endpoint }) }
  const client = new SQSClient({ maxAttempts: 1, ...where })
  try {
    const names = ['ApproximateNumberOfMessages', 'VisibilityTimeout'] as const
    const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [...names] })
    const { Attributes } = await client.send(command, { abortSignal: AbortSignal.timeout(timeoutMs) })
    return `${Attributes?.['ApproximateNumberOfMessages'] ?? '?'} messages wait, visibility ${Attributes?.['VisibilityTimeout'] ?? '?'} s`
  } finally {
    client.destroy()
  }
}

async function bucketWords({ region, endpoint, bucketEndpoint = endpoint }: S3, Bucket: string): Promise<string> {
  const where = {
    ...(region === undefined ? {} : { region }),
    ...(bucketEndpoint === undefined ? {} : { endpoint: bucketEndpoint, forcePathStyle: true }),
  }
  const client = new S3Client({ maxAttempts: 1, followRegionRedirects: true, ...where })
  try {
    await client.send(new HeadBucketCommand({ Bucket }), { abortSignal: AbortSignal.timeout(timeoutMs) })
    return 'is there and may be listed'
  } finally {
    client.destroy()
  }
}

/** One resource type in one region, as the account's role sees it. */
interface Looked {
  readonly type: string
  readonly region: string
  readonly ok: boolean
  readonly detail: string
}

async function accountFinding({ id, regions }: Config['accounts'][number], inventory: Inventory): Promise<Omit<Finding, 'what'>> {
  const places = inventory.types.flatMap((type) =>
    (inventory.scope(type) === 'global' ? ['global'] : regions).map((region) => ({ type, region })),
  )
  const looked: Looked[] = []
  // The first says whether the role can be assumed at all.
  const [first, ...rest] = places
  if (first !== undefined) looked.push(await look(inventory, id, first))
  const waiting = rest.values()
  const worker = async (): Promise<void> => {
    for (const place of waiting) looked.push(await look(inventory, id, place))
  }
  await Promise.all(Array.from({ length: together }, worker))
  const failed = looked.filter(({ ok }) => !ok)
  const counts = `${looked.length} listings in ${regions.length} ${regions.length === 1 ? 'region' : 'regions'}`
  if (failed.length === 0) return { ok: true, detail: `${counts} work`, parts: looked }
  return { ok: false, detail: `${failed.length} of ${counts} failed${gathered(failed)}`, parts: looked }
}

/** Lists until something is there, and reads the first: some types are listed without asking AWS. Throws when the role cannot be assumed. */
async function look(inventory: Inventory, accountId: string, { type, region }: { type: string; region: string }): Promise<Looked> {
  const signal = AbortSignal.timeout(20_000)
  try {
    for await (const { ids } of inventory.list({ accountId, region, type }, null, signal)) {
      const [id] = ids
      if (id === undefined) continue
      await inventory.fetch({ accountId, region, type, id }, signal)
      return { type, region, ok: true, detail: `is listed and read, first is ${id}` }
    }
    return { type, region, ok: true, detail: 'is listed, there is none' }
  } catch (error) {
    if (isOfRole(error)) throw new Error(`its role cannot be assumed: ${reasonOf(error)}`, { cause: error })
    return { type, region, ok: false, detail: reasonOf(error) }
  }
}

function isOfRole(error: unknown): boolean {
  const call = error instanceof InventoryError ? (error.cause as AwsError | undefined)?.call : undefined
  return call?.operation === 'AssumeRole'
}

function reasonOf(error: unknown): string {
  return error instanceof InventoryError ? error.reason : wordsOf(error)
}

const most = 20

/** What failed, a line for each type and reason. */
function gathered(failed: readonly Looked[]): string {
  const byReason = Map.groupBy(failed, ({ type, detail }) => `${type}: ${detail}`)
  const lines = [...byReason].map(([words, places]) => `\n       ${words} (${places.map(({ region }) => region).join(', ')})`)
  const more = lines.length > most ? `\n       and ${lines.length - most} more; see them with --json` : ''
  return `:${lines.slice(0, most).join('')}${more}`
}
