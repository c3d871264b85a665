import type { Detection, DetectionFailure, Outcome } from '#model'
import type { Carried, Trust } from '#ingest'
import type { Bundle } from './bundle.ts'
import type { RecordJudgement } from './evaluator.ts'
import type { Broken } from './load.ts'
import type { PythonHead } from './python/protocol.ts'

// What the frames of parent and child hold, as JSON.

/** Which detections a child runs. Every child loads all, so that ids are unique over all. */
export type Role = 'rule' | 'policy' | 'all'

export interface LoadRequest {
  readonly role: Role
  readonly bundles: readonly Bundle[]
  /** Patterns of ids that do not run. */
  readonly disabled: readonly string[]
  /** Files that hung or crashed a child while loading, with the reason. */
  readonly refused: readonly (readonly [file: string, reason: string])[]
  readonly trust: Trust
  /** A batch that takes so long looks whether the parent still lives. */
  readonly orphanMs: number
}
export interface LoadAnswer {
  readonly detections: readonly LoadedDetection[]
  readonly broken: readonly Broken[]
  /** Python: some of them may use the cache that rules share. */
  readonly caches?: boolean
}
export interface LoadedDetection {
  readonly detection: Detection
  readonly enabled: boolean
  /** The metadata as its author gave it. */
  readonly slots: Readonly<Record<string, unknown>>
}

/** How to run a batch. */
export interface BatchHead {
  /** Say before each call which it is. */
  readonly announce: boolean
  /** Calls not to make, with the failure to answer instead: they killed a child. */
  readonly blamed: readonly Blame[]
  /** Detections not to call at all. */
  readonly parked: readonly DetectionFailure[]
  /** Of policies over resources, the only ones to call. */
  readonly only?: readonly string[]
  /** What bodies are, when they are no CloudTrail. */
  readonly carried?: Carried
  readonly python?: PythonHead
}
/** One call of a detection: on which item of the batch, and for bodies on which record. */
export interface CallPlace {
  readonly detectionId: string
  readonly item: number
  readonly record: number
}
export interface Blame extends CallPlace {
  readonly failure: DetectionFailure
}
export const plainHead: BatchHead = { announce: false, blamed: [], parked: [] }

export type BodiesAnswer = readonly (readonly [body: number, records: readonly RecordJudgement[]])[]
/** A policy's run does not count: it asked for resources that it was not given. All that it asked for. */
export interface Wanting {
  readonly detectionId: string
  readonly wants: readonly string[]
}
export type ResourcesAnswer = readonly (readonly (Outcome | Wanting)[])[]
/** One entry a policy that was run again. */
export type AgainAnswer = readonly (Outcome | Wanting)[]
/** One entry a detection whose tests were asked for, in their order. */
export type TestsAnswer = readonly (readonly TestResult[])[]

/** How one test of a detection went. */
export interface TestResult {
  readonly name: string
  /** What the test expects: that somebody is told, or silence. */
  readonly alerts: boolean
  readonly passed: boolean
  /** Expected and got, when it failed. */
  readonly message: string | null
  /** Of a detection in Python: what each of its functions came to, in the order of the calls, what was printed, and how long it took. */
  readonly functions?: readonly TestedFunction[]
  readonly printed?: string
  readonly durationMs?: number
}
export interface TestedFunction {
  readonly name: string
  readonly passed: boolean
  /** Text, or JSON where it is none. */
  readonly output: string | null
  readonly error: string | null
}
