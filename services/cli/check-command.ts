import { createServer } from 'node:net'
import { linesOfLeftOut, type Evaluator } from '#detection'
import { logTypes } from '#model'
import { ConfigError, fits } from '#runtime'
import { inspectStore, openStore } from '#store'
import { readConfig, type Config } from '../processes/config.ts'
import { openDetections } from '../processes/detections.ts'
import { portError } from '../processes/http.ts'
import { routingOf } from '../processes/routing.ts'
import { checkAws } from './check-aws.ts'
import { destinationLooks } from './check-destinations.ts'
import { heardWords, neverHeard } from './gaps-command.ts'
import { checkKafka } from './check-kafka.ts'
import { attempt, wordsOf, type Finding } from './check-finding.ts'
import { counted, visible, visibleLines } from './words.ts'

/** `tripline check`: looks at everything `run` needs and changes nothing. Exit code 0 when all is well, 1 when something is not, 2 for a broken file. */
export async function checkCommand(options: { config: string; json: boolean }): Promise<number> {
  const found: Finding[] = []
  const say = (finding: Finding): void => {
    found.push(finding)
    report(finding, options.json)
  }
  const config = await readConfig(options.config, process.env).catch((error: unknown) => {
    if (!(error instanceof ConfigError)) throw error
    for (const detail of error.message.split('\n')) say({ what: 'configuration', ok: false, detail })
    return null
  })
  if (config !== null) {
    const counts = `${counted(config.accounts.length, 'account')}, ${counted(config.teams.length, 'team')}`
    say({ what: 'configuration', ok: true, detail: `${options.config}: ${counts}` })
    for (const look of [owners, database, heartbeats, port, checkKafka, checkAws, destinations, detections]) {
      try {
        for await (const finding of look(config)) say(finding)
      } catch (error) {
        say({ what: look.name, ok: false, detail: wordsOf(error) })
      }
    }
  }
  const failed = found.filter(({ ok }) => !ok).length
  const warnings = found.filter(({ warning }) => warning === true).length
  if (options.json) process.stdout.write(`${JSON.stringify({ summary: { checked: found.length, failed, warnings } })}\n`)
  else
    process.stdout.write(
      failed === 0 ? 'All is well: `run` would start.\n' : `${failed} of ${counted(found.length, 'check')} failed.\n`,
    )
  if (config === null) return 2
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
  const embedded = config.store.url === undefined
  yield await attempt(embedded ? `embedded database ${config.store.folder}` : 'PostgreSQL at DATABASE_URL', async () => {
    const seen = await inspectStore(config.store)
    if (seen === null) return 'is not there yet; `run` makes it'
    const time = `answers, its time is ${seen.now.toISOString()}`
    if (seen.missing.length === 0) return time
    const lacks = `lacks ${counted(seen.missing.length, 'migration')}`
    if (embedded) return `${time}; ${lacks}, which \`run\` brings`
    throw new Error(`${lacks}: run \`tripline migrate\` first`)
  })
}

/** Who is to send heartbeats and was never heard. Nothing is said before there is a database of this version. */
async function* heartbeats(config: Config): AsyncGenerator<Finding> {
  // Why it cannot be looked at is said of the database itself.
  const seen = await inspectStore(config.store).catch(() => null)
  if (config.heartbeats === null || seen === null || seen.missing.length > 0) return
  await using store = await openStore(config.store)
  const unheard = await neverHeard(config, store)
  const names = unheard.slice(0, 10).map(({ accountId, region, since }) => `${accountId} ${region} (${heardWords(since)})`)
  const more = unheard.length > 10 ? `, and ${unheard.length - 10} more` : ''
  const detail = `${names.join(', ')}${more}; silence there is not noticed, docs/gaps.md says how to send heartbeats`
  if (unheard.length > 0) yield { what: 'heartbeats', ok: true, warning: true, detail }
}

/** Listens where `run` would, for a moment. */
async function* port({ http }: Config): AsyncGenerator<Finding> {
  yield await attempt(`http ${http.host}:${http.port}`, async () => {
    const server = createServer()
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(http.port, http.host, resolve)
      })
      return 'is free'
    } catch (error) {
      throw portError(http, error)
    } finally {
      server.close()
    }
  })
}

async function* destinations(config: Config): AsyncGenerator<Finding> {
  for (const { what, look } of destinationLooks(config, process.env)) {
    const finding = await attempt(what, async () => (await look()) ?? { ok: true, detail: '' })
    if (finding.detail !== '') yield finding
  }
}

async function* detections(config: Config): AsyncGenerator<Finding> {
  await using evaluator = await activeDetections(config)
  for (const { file, message } of evaluator.broken) yield { what: `detection ${file}`, ok: false, detail: message }
  for (const detail of linesOfLeftOut(evaluator)) yield { what: 'left out', ok: true, detail }
  const bundle = (evaluator.bundle?.number ?? 0) > 0 ? [`bundle ${evaluator.bundle?.number}`] : []
  const count = (kind: string): number => evaluator.detections.filter((each) => each.kind === kind).length
  yield {
    what: 'detections',
    ok: evaluator.detections.length > 0,
    detail: `${counted(count('policy'), 'policy', 'policies')}, ${counted(count('rule'), 'rule')} from ${[...config.detections, ...bundle].join(', ')}`,
  }
  const policies = new Set(evaluator.detections.filter(({ kind }) => kind === 'policy').map(({ id }) => id))
  for (const id of Object.keys(config.policies).filter((each) => !policies.has(each))) {
    yield { what: `policies.${id}`, ok: true, warning: true, detail: 'there is no such policy, so nothing is scoped by it' }
  }
  for (const [index, { when }] of config.routes.entries()) {
    for (const pattern of (when.detections ?? []).filter((each) => !evaluator.detections.some(({ id }) => fits(each, id))))
      yield { what: `routes.${index}.when.detections`, ok: true, warning: true, detail: `no detection fits ${pattern}` }
  }
  const declared = new Set<string>([...logTypes, ...config.logSchemas.map(({ name }) => name)])
  for (const { id, logTypes: wanted } of evaluator.detections) {
    const unknown = wanted.filter((each) => !declared.has(each))
    const detail = `no schema declares ${unknown.join(', ')}, so nothing of it is ever seen`
    if (unknown.length > 0) yield { what: `log types of ${id}`, ok: true, warning: true, detail }
  }
  const { route } = routingOf(config)
  for (const { id, destinations: named } of evaluator.detections) {
    const unknown = named.filter((word) => !route.leads(word))
    const detail = `names ${unknown.join(', ')}, of which nothing is known`
    if (unknown.length > 0) yield { what: `destinations of ${id}`, ok: true, warning: true, detail }
  }
}

/** With the bundle that counts, where there is a database to ask; why there is none is said of the database itself. */
async function activeDetections(config: Config): Promise<Evaluator> {
  const seen = config.followsBundles ? await inspectStore(config.store).catch(() => null) : null
  if (seen?.missing.length !== 0) return openDetections({ ...config, followsBundles: false }, null)
  await using store = await openStore(config.store)
  return await openDetections(config, store)
}

function report(finding: Finding, json: boolean): void {
  const mark = finding.warning === true ? 'warn' : finding.ok ? 'ok  ' : 'FAIL'
  process.stdout.write(
    json ? `${JSON.stringify(finding)}\n` : `${mark} ${visible(finding.what)}: ${visibleLines(finding.detail)}\n`,
  )
}
