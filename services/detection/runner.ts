import { Buffer } from 'node:buffer'
import type { DetectionFailure } from '#model'
import type { Carried, Trust } from '#ingest'
import type { Bundle } from './bundle.ts'
import { openChild, type ChildLink, type DeathCause } from './child-link.ts'
import { DetectionError } from './errors.ts'
import { encodeTexts, frameKinds } from './frames.ts'
import type { PythonHead, PythonSource } from './python/protocol.ts'
import type { LookUp } from './evaluator.ts'
import type { Prepared } from './prepare.ts'
import { plainHead, type BatchHead, type Blame, type CallPlace, type LoadAnswer, type LoadRequest, type Role } from './protocol.ts'

export interface RunnerOptions {
  readonly role: Role
  readonly bundles: readonly Bundle[]
  /** Patterns of ids that do not run, whatever their files say. */
  readonly disabled?: readonly string[]
  readonly trust: Trust
  /** A call of a detection may take this long. */
  readonly timeoutMs: number
  /** The heap of the process; all detections of a role share it. */
  readonly memoryMb: number
  /** Loading one file may take this long. */
  readonly loadTimeoutMs: number
  /** Where this process was killed, one that hangs ends after this. */
  readonly orphanMs: number
  /** Processes that wait to be told what to load, which may read the bundles. */
  readonly prepared?: Pick<Prepared, 'take'>
  /** Python's detections; without, those of the bundles. */
  readonly python?: PythonSource
}

export interface RunOptions {
  /** The ids of the only policies to run. */
  readonly only?: readonly string[]
  /** What bodies are, when they are no CloudTrail. */
  readonly carried?: Carried
  /** Reads what the child asks for while it works. */
  readonly lookUp?: LookUp
  /** What a batch of events needs besides, made for each attempt; `isNew`: a process that has had no batch yet. */
  readonly python?: (isNew: boolean) => PythonHead
  /** A call may take so long instead. */
  readonly timeoutMs?: number
}

/**
 * Keeps one evaluator process running and gives it batches, one at a time. When it dies over a batch, another replays that batch
 * announcing each call, so the culprit is named; its call is answered with a failure and the rest is run. A detection that
 * kills three processes within an hour is parked: not called for the rest of that hour.
 */
export interface Runner extends AsyncDisposable {
  readonly loaded: LoadAnswer
  run(kind: number, texts: readonly string[], options?: RunOptions): Promise<unknown>
  /** A detection that was ended without its process: three times within an hour, and it is parked like one that kills. */
  strike(detectionId: string): void
  /** Its process has served: another one takes its place after the batch at hand. */
  retire(): void
}

const strikesToPark = 3
const strikeMs = 3_600_000
const blindTries = 2
/** Node's own start, on a busy machine. */
const startMs = 15_000

export async function openRunner(options: RunnerOptions): Promise<Runner> {
  const refused = new Map<string, string>()
  const strikes = new Map<string, number[]>()
  let closed = false
  let buffer: Buffer = Buffer.alloc(0)
  let started = await start(options, refused)
  let queue: Promise<unknown> = Promise.resolve()
  let served: ChildLink | null = null

  const child = async (): Promise<ChildLink> => {
    if (closed) throw new DetectionError('closed', 'the evaluator was closed')
    if (!started.link.alive) started = await start(options, refused)
    return started.link
  }
  const strike = (detectionId: string): void => {
    strikes.set(detectionId, [...(strikes.get(detectionId) ?? []), Date.now()])
  }
  const parked = (): DetectionFailure[] => {
    const since = Date.now() - strikeMs
    const recent = [...strikes].map(([id, times]) => [id, times.filter((time) => time > since)] as const)
    for (const [id, times] of recent) strikes.set(id, times)
    return recent
      .filter(([, times]) => times.length >= strikesToPark)
      .map(([id, times]) => parkedFailure(id, times.length, options.python !== undefined))
  }

  const attempt = async (kind: number, texts: readonly string[], head: BatchHead, given: RunOptions): Promise<Attempt> => {
    let place: CallPlace | null = null
    const link = await child()
    const besides = given.python === undefined ? {} : { python: given.python(link !== served) }
    served = link
    const encoded = encodeTexts(kind, { head: JSON.stringify({ ...head, ...besides }), texts }, buffer)
    // The child has read all of a frame when it answers, so its buffer serves the next one.
    buffer = encoded.buffer.length <= 32 * 1024 * 1024 ? encoded.buffer : Buffer.alloc(0)
    const unread: unknown[] = []
    const result = await link.exchange(encoded.frame, {
      // Python interrupts its calls itself; what cannot be interrupted is killed.
      silenceMs: (given.timeoutMs ?? options.timeoutMs) + (head.announce && options.python === undefined ? 0 : 100),
      ...(given.lookUp === undefined ? {} : { onAsk: asking(given.lookUp, (error) => unread.push(error)) }),
      onNews(frame) {
        if (frame.kind === frameKinds.at) place = JSON.parse(frame.content.toString('utf8')) as CallPlace
      },
    })
    // What was judged without what could not be read does not count: the error is the caller's.
    if (unread.length > 0) throw unread[0]
    if (result.outcome === 'answer') return { answer: JSON.parse(result.content.toString('utf8')) as unknown }
    // After a kill by `close` no blame is due.
    if (closed) throw new DetectionError('closed', 'the evaluator was closed')
    // Its frame may still be on its way: the buffer is not used again.
    buffer = Buffer.alloc(0)
    return { ...result, place }
  }

  const run = async (kind: number, texts: readonly string[], given: RunOptions): Promise<unknown> => {
    const { only, carried } = given
    const chosen = { ...(only === undefined ? {} : { only }), ...(carried === undefined ? {} : { carried }) }
    const head: BatchHead = { ...plainHead, ...chosen, parked: parked() }
    const first = await attempt(kind, texts, head, given)
    if ('answer' in first) return first.answer
    const blamed: Blame[] = []
    let blind = 0
    for (;;) {
      const again = await attempt(kind, texts, { ...chosen, announce: true, blamed, parked: parked() }, given)
      if ('answer' in again) return again.answer
      const { place, cause, detail } = again
      if (place === null) {
        blind += 1
        if (blind < blindTries) continue
        throw new DetectionError(
          'evaluator-failed',
          `the ${options.role} evaluator died over a batch of ${texts.length}: ${detail}`,
          {
            retryable: true,
          },
        )
      }
      blamed.push({ ...place, failure: killedFailure(place.detectionId, cause, detail, options) })
      strike(place.detectionId)
    }
  }

  return {
    loaded: started.answer,
    async run(kind, texts, given = {}) {
      const mine = queue.then(async () => await run(kind, texts, given))
      queue = mine.catch(() => null)
      return await mine
    },
    strike,
    retire() {
      const replace = async (before: Promise<unknown>): Promise<void> => {
        await before
        await started.link.kill()
        await child()
      }
      // One that does not start is started by the next batch, which says why it cannot.
      queue = replace(queue).catch(() => null)
    },
    async [Symbol.asyncDispose]() {
      closed = true
      await started.link.kill()
      await queue
    },
  }
}

type Attempt =
  | { readonly answer: unknown }
  | { readonly cause: DeathCause; readonly detail: string; readonly place: CallPlace | null }

/** Starts a child and has it load; a file that kills it is refused from then on. */
async function start(
  { role, bundles, disabled = [], trust, memoryMb, loadTimeoutMs, orphanMs, prepared, python }: RunnerOptions,
  refused: Map<string, string>,
): Promise<{ link: ChildLink; answer: LoadAnswer }> {
  for (;;) {
    let file: string | null = null
    const link = prepared?.take() ?? openChild(bundles, { memoryMb, python: python !== undefined })
    const request: LoadRequest = { role, bundles, disabled, trust, orphanMs, refused: [...refused] }
    const texts = python === undefined ? [] : [JSON.stringify(python)]
    const { frame } = encodeTexts(frameKinds.load, { head: JSON.stringify(request), texts }, Buffer.alloc(0))
    const result = await link.exchange(frame, {
      // Python interrupts what loads too slowly itself.
      silenceMs: loadTimeoutMs + (python === undefined ? 0 : 500),
      firstSilenceMs: startMs,
      onNews(news) {
        if (news.kind === frameKinds.loading) file = JSON.parse(news.content.toString('utf8')) as string
      },
    })
    if (result.outcome === 'answer') return { link, answer: JSON.parse(result.content.toString('utf8')) as LoadAnswer }
    const culprit = file as string | null
    if (culprit === null || refused.has(culprit)) {
      throw new DetectionError('evaluator-failed', `the ${role} evaluator could not be started: ${result.detail}`, {
        retryable: true,
      })
    }
    refused.set(
      culprit,
      {
        timeout: `did not load within ${loadTimeoutMs} ms`,
        memory: outOfMemory(memoryMb),
        crashed: `ended the process while loading: ${result.detail}`,
      }[result.cause],
    )
  }
}

/** Answers JSON text of a resource's attributes. */
function asking(lookUp: LookUp, onError: (error: unknown) => void): (id: string) => Promise<string | null> {
  return async (id) => {
    try {
      const attributes = (await lookUp([id])).get(id)
      return attributes === undefined ? null : JSON.stringify(attributes)
    } catch (error) {
      onError(error)
      return null
    }
  }
}

function killedFailure(detectionId: string, cause: DeathCause, detail: string, options: RunnerOptions): DetectionFailure {
  const message = {
    timeout: `did not answer within ${options.timeoutMs} ms`,
    memory: outOfMemory(options.memoryMb),
    crashed: `ended the evaluator process: ${detail}`,
  }[cause]
  return { detectionId, reason: cause, message }
}

function parkedFailure(detectionId: string, times: number, python: boolean): DetectionFailure {
  return {
    detectionId,
    reason: 'parked',
    message: `not called: it ${python ? `was ended ${times} times` : `killed ${times} evaluator processes`} within an hour`,
  }
}

function outOfMemory(memoryMb: number): string {
  return `used more memory than the ${memoryMb} MB of an evaluator process`
}
