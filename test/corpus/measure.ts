import { readFile } from 'node:fs/promises'
import { cpuMsOf } from '../../services/detection/child-process.ts'
import { evaluatorDefaults } from '../../services/detection/create-evaluator.ts'
import { createCacheLink } from '../../services/detection/python/cache-link.ts'
import { loadPython } from '../../services/detection/python/load.ts'
import { openPython, type PythonEvaluator } from '../../services/detection/python/open-python.ts'
import type { PythonRepository } from '../../services/detection/python/repository.ts'

export interface Judged {
  readonly loaded: number
  readonly startMs: number
  /** Processor time of the process: until it was ready, and for all events. */
  readonly startCpuMs: number
  readonly judgeCpuMs: number
  readonly residentMb: number
  /** `detection` and number of the event, each once for every match. */
  readonly matches: readonly string[]
}

const timeField = 'corpus_time'
/** A machine with other work must not decide what matches. */
const patient = { ...evaluatorDefaults, timeoutMs: 5_000 }

/** Judges the events of all tests, each as every log type that has one, in the evaluator that `run` and `replay` have. */
export async function judgeAll(folder: string, { detections }: PythonRepository, index: boolean): Promise<Judged> {
  const begun = performance.now()
  const logTypes = [...new Set(detections.flatMap(({ spec }) => spec.logTypes))]
  // Every log type is JSON of which nobody declares a field but the time that we add.
  const value = { type: 'timestamp', formats: ['rfc3339'], isEventTime: true } as const
  const fields = [{ name: timeField, from: timeField, required: false, value }]
  const schemas = logTypes.map((name) => ({ name, parser: { kind: 'json' } as const, fields }))
  const trust = { accounts: null, regions: null, times: 'any', schemas } as const
  const read = loadPython({ folders: [folder], bundle: null, disabled: [] })
  await using evaluator = await openPython(read, { ...patient, trust, cache: createCacheLink(null), index })
  const startMs = performance.now() - begun
  const pid = await child()
  const startCpuMs = cpuMsOf(pid)
  const matches: string[] = []
  const byType = Map.groupBy(
    detections.flatMap(({ spec, tests }) => spec.logTypes.flatMap((logType) => tests.map(({ given }) => ({ logType, given })))),
    ({ logType }) => logType,
  )
  for (const [logType, events] of byType) {
    const bodies = [
      ...new Set(
        events.map(({ given }) => JSON.stringify({ [timeField]: '2026-05-01T12:00:00Z', ...(JSON.parse(given) as object) })),
      ),
    ]
    matches.push(...(await matchesOf(evaluator, logType, bodies)))
  }
  const judgeCpuMs = cpuMsOf(pid) - startCpuMs
  const [loaded, residentMb] = [evaluator.detections.length, await residentMbOf(pid)]
  return { loaded, startMs, startCpuMs, judgeCpuMs, residentMb, matches: matches.toSorted() }
}

async function matchesOf(evaluator: PythonEvaluator, logType: string, bodies: readonly string[]): Promise<readonly string[]> {
  const found: string[] = []
  for (let from = 0; from < bodies.length; from += 200) {
    const answer = await evaluator.judgeBodies(bodies.slice(from, from + 200), {
      logType,
      accountId: '111122223333',
      region: 'eu-central-1',
    })
    for (const [body, records] of answer)
      for (const { matches } of records)
        found.push(...matches.map(({ detectionId, title }) => `${logType} ${from + body} ${detectionId} ${title}`))
  }
  return found
}

/** The evaluator process, our only child here. */
async function child(): Promise<number> {
  const children = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
  return Number(children.trim().split(' ').at(-1))
}

async function residentMbOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/u.exec(status)?.[1]) / 1_024
}
