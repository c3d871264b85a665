import type { CacheEntry, CacheWrite } from '#model'
import type { LoadedDetection } from '../protocol.ts'
import type { PythonDataModel, PythonModule } from './repository.ts'

// What the frames of parent and Python child hold beside those that every evaluator has.

/** What the child loads. It reads no folder itself. */
export interface PythonSource {
  readonly globals: readonly PythonModule[]
  readonly dataModels: readonly PythonDataModel[]
  readonly detections: readonly PythonCode[]
  /** Python's own memory. */
  readonly memoryMb: number
  readonly timeoutMs: number
  readonly loadTimeoutMs: number
  /** False: every rule is asked about every event of its log types. */
  readonly index?: boolean
}
export interface PythonCode {
  readonly loaded: LoadedDetection
  readonly kind: 'rule' | 'policy' | 'scheduled_rule'
  readonly module: PythonModule
  readonly summaryAttributes: readonly string[]
  /** Names of its module that its tests stand something in for. */
  readonly mocked: readonly string[]
}

/** What a batch of events needs besides. */
export interface PythonHead {
  /** Events get their tickets from here on. */
  readonly ticket: number
  /** Whether rules may look up resources. */
  readonly inventory: boolean
  /** Whether somebody settles what rules write to the cache; else it holds at once. */
  readonly keeps: boolean
  /** The store's news of the cache, and the tickets that it has dealt with. */
  readonly entries: readonly (readonly [key: string, entry: CacheEntry | null])[]
  readonly settled: readonly number[]
}

/** What Python says of one detection on one event or resource. */
export interface PythonWords {
  readonly title?: string
  readonly description?: string
  readonly reference?: string
  readonly runbook?: string
  readonly severity?: string
  readonly destinations?: readonly string[]
  readonly dedup?: string
  readonly unique?: string
  /** JSON text. */
  readonly alert_context?: string
  readonly summary?: readonly (readonly [path: string, value: string])[]
}
export type PythonReason = 'threw' | 'wrong-type' | 'timeout' | 'memory'
export interface PythonMatch {
  readonly match: PythonWords
  /** Functions that failed: name and what was raised. */
  readonly wrong: readonly (readonly [name: string, message: string])[]
}
export interface PythonFailure {
  readonly failure: readonly [reason: PythonReason, message: string]
}
export type PythonEvent = readonly [
  tag: number,
  said: readonly (readonly [detection: number, said: PythonMatch | PythonFailure])[],
  writes: readonly CacheWrite[],
]
/** How often a rule looked for a field that it was not given; null: for more than one, so that it needs all. */
export type PythonMiss = readonly [rule: number, field: string | null, times: number]
export type PythonBatch = readonly [said: readonly PythonEvent[], missed: readonly PythonMiss[]]
export type PythonOutcome =
  | PythonFailure
  | ((PythonMatch | { readonly pass: true } | { readonly wrongType: string }) & { readonly asked: readonly string[] })

/** How one test went. */
export interface PythonTestResult {
  readonly passed: boolean
  /** In the order of their calls; output as text, JSON where it is none. */
  readonly functions: readonly { readonly name: string; readonly output: string | null; readonly error: string | null }[]
  /** What was printed. */
  readonly stdout: string
  readonly ms: number
}
