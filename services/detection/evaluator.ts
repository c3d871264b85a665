import type { Carried } from '#ingest'
import type { NotRun } from './python/repository.ts'
import type { CacheWrite, Detection, DetectionFailure, JsonObject, Outcome, Resource, ResourceRef, RuleMatch } from '#model'

/**
 * Runs detections outside this process. Made once, closed last; a hung, crashed or greedy child is killed, its culprit named,
 * and the rest of its batch judged all the same.
 */
export interface Evaluator extends AsyncDisposable {
  readonly detections: readonly Detection[]
  /** The bundle that it was made with; null where bundles are not followed. */
  readonly bundle: RunningBundle | null
  /** Files that could not be loaded: named, the others go on. */
  readonly broken: readonly { readonly file: string; readonly message: string }[]
  /** What is there and is not run, each with its reason. */
  readonly notRun: readonly NotRun[]
  /** What authors may not expect of what is run. */
  readonly notes: readonly { readonly file: string; readonly message: string }[]
  /** Hash over the policies that look at a type; equal hash, equal verdicts. */
  fingerprint(resourceType: string): string
  /**
   * Runs the rules over raw bodies as received, of CloudTrail or of what `carried` says. Answers only for bodies that matter, in order; the
   * caller decodes those itself.
   */
  judgeBodies(bodies: readonly string[], carried?: Carried): Promise<readonly BodyJudgement[]>
  /**
   * Runs the policies over fetched states; one answer a resource, in order. Other resources that policies ask for are read through
   * `lookUp`, by id; those that it leaves out are not known. `only`: the ids of the only policies to run.
   */
  judgeResources(resources: readonly Resource[], lookUp: LookUp, only?: readonly string[]): Promise<readonly ResourceJudgement[]>
  /** These were dealt with: written, known before, or to come again. Until then what rules wrote to their cache over them holds here. */
  settled(tickets: readonly number[]): void
}

/** Which bundle is run. What was judged under a later activation was judged with newer detections. */
export interface RunningBundle {
  /** 0: none, the folders alone. */
  readonly number: number
  readonly activation: number
  /** A later one counts, which cannot be loaded here: this one goes on in its place. */
  readonly overdue: boolean
}

/**
 * The evaluator of the moment, which may be replaced at any time: each batch borrows it and keeps it to its end, so that no batch is
 * judged by two. One that was replaced is closed when the last batch has given it back.
 */
export interface Evaluators {
  lend<T>(work: (evaluator: Evaluator) => Promise<T>): Promise<T>
}

/** Reads the attributes of stored resources by id. */
export type LookUp = (ids: readonly string[]) => Promise<ReadonlyMap<string, JsonObject>>

/** A body that matters: it was rejected, touches a resource, opened a session, or a rule matched (or failed). */
export interface BodyJudgement {
  /** Index into the bodies given. */
  readonly body: number
  /** One entry for each record of the body that matched a rule or made one fail. */
  readonly records: readonly RecordJudgement[]
}
export interface RecordJudgement {
  /** Index of the record in the decoded body. */
  readonly record: number
  readonly matches: readonly RuleMatch[]
  readonly failures: readonly DetectionFailure[]
  /** What rules wrote to their cache over it, to be kept with the event; the ticket is named when that is settled. */
  readonly cache?: { readonly ticket: number; readonly writes: readonly CacheWrite[] }
}
export interface ResourceJudgement {
  readonly ref: ResourceRef
  /** One a policy that looks at the type (suppressed ones pass). */
  readonly outcomes: readonly Outcome[]
}
