import { readFileSync } from 'node:fs'
import { cpuMsOf } from '../../services/detection/child-process.ts'

/** Processor time of this process and everything that it started, up to now, by kind. */
export interface ProcessorTimes {
  readonly byProcess: ReadonlyMap<number, { readonly name: string; readonly ms: number }>
  /** What was used since, by kind. */
  since(before: ProcessorTimes): readonly { readonly name: string; readonly ms: number }[]
}

const names: Readonly<Record<string, string>> = { java: 'the broker', postgres: 'PostgreSQL' }

export function processorTimes(): ProcessorTimes {
  const { user, system } = process.cpuUsage()
  const byProcess = new Map([[process.pid, { name: 'our process', ms: (user + system) / 1_000 }]])
  const waiting = [...childrenOf(process.pid)]
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    waiting.push(...childrenOf(pid))
    const ms = cpuMsOf(pid)
    if (Number.isFinite(ms)) byProcess.set(pid, { name: nameOf(pid), ms })
  }
  return {
    byProcess,
    since(before) {
      const sums = new Map<string, number>()
      for (const [pid, { name, ms }] of byProcess) sums.set(name, (sums.get(name) ?? 0) + ms - (before.byProcess.get(pid)?.ms ?? 0))
      return [...sums].flatMap(([name, ms]) => (ms === 0 ? [] : [{ name, ms }]))
    },
  }
}

function nameOf(pid: number): string {
  try {
    const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
    return names[name] ?? (name.startsWith('node') || name === 'MainThread' ? 'the evaluators' : name)
  } catch {
    return 'ended'
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}
