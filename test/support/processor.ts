import { readFileSync } from 'node:fs'
import { cpuMsOf } from '../../services/detection/child-process.ts'

/** Processor time of this process and everything that it started, up to now. */
export interface ProcessorTimes {
  readonly byProcess: ReadonlyMap<number, { readonly name: string; readonly ms: number }>
  /** What was used since, by kind. */
  since(before: ProcessorTimes): readonly { readonly name: string; readonly ms: number }[]
}

const programs: Readonly<Record<string, string>> = { java: 'the broker', postgres: 'PostgreSQL' }

/** `names`: what processes are called that are not told by their program. Other Node.js processes are evaluators. */
export function processorTimes(names: ReadonlyMap<number, string>): ProcessorTimes {
  const byProcess = new Map<number, { readonly name: string; readonly ms: number }>()
  const waiting = [process.pid]
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    waiting.push(...childrenOf(pid))
    const ms = cpuMsOf(pid)
    if (Number.isFinite(ms)) byProcess.set(pid, { name: names.get(pid) ?? nameOf(pid), ms })
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
    return programs[name] ?? (name.startsWith('node') || name === 'MainThread' ? 'the evaluators' : name)
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
