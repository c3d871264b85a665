import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { createEvaluator } from '#detection'
import { decode, sessionOf, touches, type Trust } from '#ingest'
import type { Figure } from '../../services/cli/bench-command.ts'
import { openBundles } from '../../services/detection/bundle.ts'
import type { Caller } from '../../services/detection/caller.ts'
import { cpuMsOf } from '../../services/detection/child-process.ts'
import { createEngine } from '../../services/detection/engine.ts'
import { judgeBodies } from '../../services/detection/judge-bodies.ts'
import { loadDetections } from '../../services/detection/load.ts'

const fixtures = new URL('../fixtures/cloudtrail/', import.meta.url)
const sizes = [10, 100, 1_000] as const
const bodiesPerBatch = 200
/** Long enough that the system's clock ticks of 10 ms do not count. */
const roundMs = 1_000
const rounds = 5

interface Sample {
  readonly text: string
  readonly source: string
  readonly name: string
  readonly readOnly: boolean
}

/**
 * Events a second from JSON text, as ratios of `JSON.parse` alone on the same records in the same round: the engine in this process, the
 * child's own processor time, and both processes' time together. Rounds alternate what they measure; medians are told.
 */
export async function bench(): Promise<{ name: string; figures: Figure[] }> {
  const samples = await readSamples()
  const bodies = samples.map(({ text }) => text)
  const account = (JSON.parse(bodies[0] ?? '{}') as { recipientAccountId: string }).recipientAccountId
  const trust: Trust = { accounts: [account], regions: ['us-east-1', 'us-east-2'], times: 'any' }
  const folder = await mkdtemp(join(tmpdir(), 'tripline-rules-'))
  const figures: Figure[] = []
  try {
    const measured = new Map<number, Measured>()
    for (const size of sizes) {
      const file = join(folder, `rules-${size}.ts`)
      await writeFile(file, rulesFile(size, samples))
      measured.set(size, await measure(file, bodies, trust))
    }
    for (const [size, { share, parsedPerSecond, inProcess, child, both }] of measured) {
      const of = `JSON.parse alone (${Math.round(parsedPerSecond)} records/s) with ${size} rules, ${percent(share)} of ${bodies.length} records match; ${cpus().length} cores`
      figures.push(
        { name: `a: engine in process, ${size} rules`, value: inProcess, unit: 'times', of, aim: '0.8' },
        { name: `b: child, own processor time, ${size} rules`, value: child, unit: 'times', of, aim: '0.6' },
        { name: `c: parent and child, processor time, ${size} rules`, value: both, unit: 'times', of, aim: '0.45' },
      )
    }
    for (const kind of ['inProcess', 'child', 'both'] as const) {
      const value = (measured.get(1_000)?.[kind] ?? Number.NaN) / (measured.get(10)?.[kind] ?? Number.NaN)
      figures.push({ name: `1,000 rules ÷ 10 rules, ${kind}`, value, unit: 'times', of: 'the same with 10 rules', aim: '0.8' })
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return { name: 'rules', figures }
}

interface Measured {
  readonly share: number
  readonly parsedPerSecond: number
  readonly inProcess: number
  readonly child: number
  readonly both: number
}

async function measure(file: string, bodies: readonly string[], trust: Trust): Promise<Measured> {
  const { loaded, broken } = await loadDetections({ bundles: openBundles([file]), refused: new Map(), announce: () => {} })
  if (broken.length > 0) throw new Error(broken.map(({ message }) => message).join('; '))
  const engine = createEngine(loaded)
  const caller: Caller = { tick: () => {}, call: (_detection, _item, _record, run) => run().answer }
  const inProcess = (): void => void judgeBodies(bodies, { engine, caller, decode, touches, sessionOf, trust })
  const parse = (): void => {
    for (const body of bodies) JSON.parse(body)
  }
  const matching = judgeBodies(bodies, { engine, caller, decode, touches, sessionOf, trust }).filter(
    ([, records]) => records.length > 0,
  ).length

  await using evaluator = await createEvaluator({ folders: [file], trust })
  const pids = await childrenOf(process.pid)
  const childCpu = (): number => pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0)
  const evaluate = async (): Promise<void> => {
    for (let from = 0; from < bodies.length; from += bodiesPerBatch)
      await evaluator.judgeBodies(bodies.slice(from, from + bodiesPerBatch))
  }

  const ratios: { parsed: number; inProcess: number; child: number; both: number }[] = []
  // The first round only warms up.
  for (let round = 0; round <= rounds; round += 1) {
    const parsed = await cpuPerRun(parse, ownCpu)
    const engineCost = await cpuPerRun(inProcess, ownCpu)
    let [childStart, runs] = [childCpu(), 0]
    const bothCost = await cpuPerRun(
      async () => {
        runs += 1
        await evaluate()
      },
      () => ownCpu() + childCpu(),
    )
    const childCost = (childCpu() - childStart) / runs
    if (round > 0) ratios.push({ parsed, inProcess: parsed / engineCost, child: parsed / childCost, both: parsed / bothCost })
  }
  return {
    share: matching / bodies.length,
    parsedPerSecond: (bodies.length / median(ratios.map(({ parsed }) => parsed))) * 1_000,
    inProcess: median(ratios.map(({ inProcess }) => inProcess)),
    child: median(ratios.map(({ child }) => child)),
    both: median(ratios.map(({ both }) => both)),
  }
}

/** Processor milliseconds of one run, over as many as fit into a round. */
async function cpuPerRun(run: () => void | Promise<void>, cpu: () => number): Promise<number> {
  const [start, until] = [cpu(), performance.now() + roundMs]
  let runs = 0
  while (performance.now() < until) {
    const pending = run()
    if (pending instanceof Promise) await pending
    runs += 1
  }
  return (cpu() - start) / runs
}

function ownCpu(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.trim().split(' ').map(Number)
}

async function readSamples(): Promise<readonly Sample[]> {
  const files = (await readdir(fixtures)).filter((file) => file.endsWith('.json.gz')).toSorted()
  const samples: Sample[] = []
  for (const file of files) {
    const { Records } = JSON.parse(gunzipSync(await readFile(new URL(file, fixtures))).toString('utf8')) as {
      Records: { eventSource: string; eventName: string; readOnly?: boolean }[]
    }
    for (const record of Records) {
      const { eventSource: source, eventName: name, readOnly } = record
      samples.push({ text: JSON.stringify(record), source, name, readOnly: readOnly === true })
    }
  }
  return samples
}

/**
 * Rules as people have them: each about one or two changing calls of a service. With 1,000 of them every changing call of the records is asked
 * about, as well as many that do not occur; with 10 only some are.
 */
function rulesFile(count: number, samples: readonly Sample[]): string {
  const occurring = [
    ...new Set(samples.filter(({ readOnly }) => !readOnly).map(({ source, name }) => `${source} ${name}`)),
  ].toSorted()
  const sources = [...new Set(samples.map(({ source }) => source))]
  const every = Math.max(1, Math.floor(occurring.length / count))
  const rules = Array.from({ length: count }, (_, index) => {
    const [source, name] = (occurring[index * every] ?? `${sources[index % sources.length]} PutSomething${index}`).split(' ')
    return `export const rule${index} = defineRule({
  id: 'Bench.${index}', severity: 'HIGH', description: 'For the benchmark.', logTypes: ['AWS.CloudTrail'],
  match: { source: '${source}', names: ['${name}', 'PutOther${index}'] },
  evaluate: (record) => record.errorCode === undefined && record.userIdentity?.type !== 'AWSService',
  title: (record) => \`\${record.eventName} by \${record.userIdentity?.arn}\`,
})`
  })
  return `import { defineRule } from 'tripline'\n${rules.join('\n')}\n`
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
