import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { ErrorCode } from '@slack/web-api'
import { createEvaluator } from '#detection'
import { ConfigError } from '#runtime'
import { openStore } from '#store'
import { readConfig, type Config } from '../processes/config.ts'
import { routingOf } from '../processes/routing.ts'
import { inventoryOf, trustOf } from '../processes/run.ts'
import { destinationLooks } from './check-destinations.ts'

/** One thing looked at. */
interface Finding {
  readonly what: string
  readonly ok: boolean
  /** True: `run` would start, and somebody should look. */
  readonly warning?: boolean
  readonly detail: string
}

/** `tripline check`: looks at everything `run` needs and changes nothing. Exit code 0 when all is well, 1 when something is not, 2 for a broken file. */
export async function checkCommand(options: { config: string; json: boolean }): Promise<number> {
  let config: Config
  try {
    config = await readConfig(options.config, process.env)
  } catch (error) {
    if (!(error instanceof ConfigError) || !options.json) throw error
    report({ what: 'configuration', ok: false, detail: error.message }, true)
    process.stdout.write(`${JSON.stringify({ summary: { checked: 1, failed: 1 } })}\n`)
    return 2
  }
  const found: Finding[] = [
    {
      what: 'configuration',
      ok: true,
      detail: `${options.config}: ${config.accounts.length} accounts, ${config.teams.length} teams`,
    },
  ]
  report(found[0] as Finding, options.json)
  for (const look of [owners, database, queues, accounts, destinations, detections]) {
    for await (const finding of look(config)) {
      found.push(finding)
      report(finding, options.json)
    }
  }
  const failed = found.filter(({ ok }) => !ok).length
  if (options.json) process.stdout.write(`${JSON.stringify({ summary: { checked: found.length, failed } })}\n`)
  else process.stdout.write(failed === 0 ? 'All is well: `run` would start.\n' : `${failed} of ${found.length} checks failed.\n`)
  return failed === 0 ? 0 : 1
}

/** What two teams claim with the same words: the first is told, which may not be what was meant. */
async function* owners(config: Config): AsyncGenerator<Finding> {
  for (const { what, first, second } of routingOf(config).ownership.overlaps()) {
    const detail = `${first.place} and ${second.place}: ${first.team} is told, ${second.team} is not`
    yield { what: `${what} has two owners`, ok: true, warning: true, detail }
  }
}

async function* database(config: Config): AsyncGenerator<Finding> {
  const what = config.store.url === undefined ? `embedded database ${config.store.folder}` : 'PostgreSQL at DATABASE_URL'
  yield await attempt(what, async () => {
    await using store = await openStore(config.store)
    return `answers, its time is ${(await store.now()).toISOString()}`
  })
}

async function* queues(config: Config): AsyncGenerator<Finding> {
  for (const { sqs } of config.sources) {
    yield await attempt(`queue ${sqs.queueUrl}`, async () => {
      const client = new SQSClient({
        maxAttempts: 1,
        ...(sqs.region === undefined ? {} : { region: sqs.region }),
        ...(sqs.endpoint === undefined ? {} : { endpoint: sqs.endpoint }),
      })
      try {
        const names = ['ApproximateNumberOfMessages', 'VisibilityTimeout'] as const
        const command = new GetQueueAttributesCommand({ QueueUrl: sqs.queueUrl, AttributeNames: [...names] })
        const { Attributes } = await client.send(command, { abortSignal: AbortSignal.timeout(10_000) })
        return `${Attributes?.['ApproximateNumberOfMessages'] ?? '?'} messages wait, visibility ${Attributes?.['VisibilityTimeout'] ?? '?'} s`
      } finally {
        client.destroy()
      }
    })
  }
}

async function* accounts(config: Config): AsyncGenerator<Finding> {
  const inventory = inventoryOf(config, () => 1)
  for (const { id, name, regions } of config.accounts) {
    for (const type of inventory.types) {
      for (const region of inventory.scope(type) === 'global' ? ['global'] : regions) {
        yield await attempt(`account ${name} (${id}) ${region} ${type}`, async () => {
          for await (const { ids } of inventory.list({ accountId: id, region, type }, null, AbortSignal.timeout(20_000)))
            if (ids[0] !== undefined) return `can be listed, first is ${ids[0]}`
          return 'can be listed, there is none'
        })
      }
    }
  }
}

async function* destinations(config: Config): AsyncGenerator<Finding> {
  for (const { what, look } of destinationLooks(config, process.env)) yield await attempt(what, look)
}

async function* detections(config: Config): AsyncGenerator<Finding> {
  await using evaluator = await createEvaluator({ folders: config.detections, trust: trustOf(config) })
  for (const { file, message } of evaluator.broken) yield { what: `detection ${file}`, ok: false, detail: message }
  const count = (kind: string): number => evaluator.detections.filter((each) => each.kind === kind).length
  yield {
    what: 'detections',
    ok: evaluator.detections.length > 0,
    detail: `${count('policy')} policies, ${count('rule')} rules from ${config.detections.join(', ')}`,
  }
  const policies = new Set(evaluator.detections.filter(({ kind }) => kind === 'policy').map(({ id }) => id))
  for (const id of Object.keys(config.policies).filter((each) => !policies.has(each))) {
    yield { what: `policies.${id}`, ok: true, warning: true, detail: 'there is no such policy, so nothing is scoped by it' }
  }
  const { route } = routingOf(config)
  for (const { id, destinations: named } of evaluator.detections) {
    const unknown = named.filter((word) => !route.leads(word))
    const detail = `names ${unknown.join(', ')}, of which nothing is known`
    if (unknown.length > 0) yield { what: `destinations of ${id}`, ok: true, warning: true, detail }
  }
}

async function attempt(what: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return { what, ok: true, detail: await look() }
  } catch (error) {
    // Of foreign errors only code and message are shown: they may carry requests with credentials.
    const slackCode = error instanceof Error && 'data' in error ? (error.data as { error?: string }).error : undefined
    const limited = error instanceof Error && 'code' in error && error.code === ErrorCode.RateLimitedError
    const words = limited
      ? 'rate limited, try again'
      : (slackCode ?? (error instanceof Error ? `${error.name}: ${error.message}` : 'unknown'))
    return { what, ok: false, detail: words.slice(0, 500) }
  }
}

function report(finding: Finding, json: boolean): void {
  if (json) process.stdout.write(`${JSON.stringify(finding)}\n`)
  else
    process.stdout.write(`${finding.warning === true ? 'warn' : finding.ok ? 'ok  ' : 'FAIL'} ${finding.what}: ${finding.detail}\n`)
}
