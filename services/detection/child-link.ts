import { Buffer } from 'node:buffer'
import type { ChildProcess } from 'node:child_process'
import { roomLogger } from '#runtime'
import type { Bundle } from './bundle.ts'
import { cpuMsOf, spawnChild, type ChildOptions } from './child-process.ts'
import { createFrameParser, encodeTexts, frameKinds, type Frame } from './frames.ts'

const log = roomLogger('detection')
const stderrTail = 4_096

/** Why a child did not answer: hung and was killed, ran out of memory, ended in another way, or was told to. */
export type DeathCause = 'timeout' | 'memory' | 'crashed'
export type Exchange =
  | { readonly outcome: 'answer'; readonly content: Buffer }
  | { readonly outcome: 'died'; readonly cause: DeathCause; readonly detail: string }

export interface ExchangeOptions {
  /** The child may be silent for so long; then it hangs. */
  readonly silenceMs: number
  /** Before its first news, when that takes longer. */
  readonly firstSilenceMs?: number
  readonly onNews: (frame: Frame) => void
  /** Answers what the child asks for while it works. */
  readonly onAsk?: (id: string) => Promise<string | null>
}

/** One life of an evaluator process. Lends itself to one exchange at a time. */
export interface ChildLink {
  /** Sends a frame and waits for the last of its answers. News in between (`at`, `loading`, `busy`) starts the silence anew. */
  exchange(frame: Buffer, options: ExchangeOptions): Promise<Exchange>
  readonly alive: boolean
  kill(): Promise<void>
}

export function openChild(bundles: readonly Bundle[], limits: ChildOptions): ChildLink {
  const child = spawnChild(bundles, limits)
  let alive = true
  let tail = ''
  let killedFor: DeathCause | null = null
  let settle: ((result: Exchange) => void) | null = null
  let onNews: ((frame: Frame) => void) | null = null
  let onAsk: ExchangeOptions['onAsk'] | null = null
  let watch: Watch | null = null

  const finish = (result: Exchange): void => {
    watch?.stop()
    watch = null
    settle?.(result)
    settle = null
  }
  const die = (cause: DeathCause): void => {
    killedFor ??= cause
    child.kill('SIGKILL')
  }
  /** A child that asks waits: its silence is ours. */
  const tell = async (id: string): Promise<void> => {
    watch?.pause()
    // Who answers keeps its errors for the batch; a child is told that there is nothing, and does not wait for ever.
    const told = (await onAsk?.(id).catch(() => null)) ?? ''
    if (!alive) return
    child.stdin?.write(encodeTexts(frameKinds.told, { head: '', texts: [told] }, Buffer.alloc(0)).frame, () => watch?.heard())
  }
  const parse = createFrameParser((frame) => {
    watch?.heard()
    if (frame.kind === frameKinds.answer || frame.kind === frameKinds.loaded) finish({ outcome: 'answer', content: frame.content })
    else if (frame.kind === frameKinds.ask) void tell(JSON.parse(frame.content.toString('utf8')) as string)
    else onNews?.(frame)
  })
  child.stdout?.on('data', (chunk: Buffer) => {
    try {
      parse(chunk)
    } catch {
      die('crashed')
    }
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-stderrTail)
  })
  if (child.stderr !== null) logSaid(child.stderr)
  // A child that dies with our frame half read: its end is what counts.
  child.stdin?.on('error', () => {})
  const ended = new Promise<void>((resolve) => {
    const end = (detail: string, signal: NodeJS.Signals | null): void => {
      alive = false
      const memory = signal === 'SIGABRT' && /heap out of memory|heap limit/u.test(tail)
      finish({ outcome: 'died', cause: killedFor ?? (memory ? 'memory' : 'crashed'), detail })
      resolve()
    }
    child.once('error', (error) => end(`it could not be started: ${error.message}`, null))
    // `close`, not `exit`: by then all that it wrote has been read.
    child.once('close', (code, signal) => end(`${signal ?? `exit code ${code}`} ${lastLine(tail)}`.trim(), signal))
  })

  return {
    get alive() {
      return alive
    },
    async exchange(frame, options) {
      if (!alive) return { outcome: 'died', cause: 'crashed', detail: 'it had ended before' }
      return await new Promise<Exchange>((resolve) => {
        settle = resolve
        onNews = options.onNews
        onAsk = options.onAsk
        // The silence counts from when the child has everything: our own stalls are not its fault.
        child.stdin?.write(frame, () => {
          if (settle === resolve) watch = watchSilence(child, options, () => die('timeout'))
        })
      })
    },
    async kill() {
      if (alive) child.kill('SIGKILL')
      await ended
    },
  }
}

interface Watch {
  heard(): void
  /** Nothing is expected of it until it is heard of again. */
  pause(): void
  stop(): void
}

/** A silent child that had no processor to run on is given this many times as long. */
const patience = 8

/** Calls `onSilent` once a child said nothing for `silenceMs` although it ran. A busy machine does not make a detection slow. */
function watchSilence(child: ChildProcess, { silenceMs: usual, firstSilenceMs }: ExchangeOptions, onSilent: () => void): Watch {
  let silenceMs = firstSilenceMs ?? usual
  let since = Date.now()
  let cpuMs = cpuMsOf(child.pid)
  let timer: NodeJS.Timeout
  let stopped = false
  const look = (): void => {
    // Timers run before input: what the child said while we were busy is heard first.
    const before = since
    setImmediate(() => {
      if (stopped) return
      if (since !== before) return arm(silenceMs)
      const ran = cpuMsOf(child.pid) - cpuMs
      const silent = Date.now() - since
      if (Number.isNaN(ran) || ran >= silenceMs * 0.8 || silent >= silenceMs * patience) onSilent()
      else arm(Math.max(20, silenceMs - ran))
    })
  }
  const arm = (ms: number): void => {
    timer = setTimeout(look, ms)
  }
  arm(silenceMs)
  return {
    heard() {
      silenceMs = usual
      since = Date.now()
      cpuMs = cpuMsOf(child.pid)
      clearTimeout(timer)
      if (!stopped) arm(silenceMs)
    },
    pause() {
      since = Date.now()
      clearTimeout(timer)
    },
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}

/** What detections print, one JSON line each; anything else on stderr is Node's own last words. */
function logSaid(stderr: NodeJS.ReadableStream): void {
  let rest = ''
  stderr.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = (lines.pop() ?? '').slice(-stderrTail)
    for (const line of lines) {
      if (!line.startsWith('{"speaker":')) continue
      try {
        const { speaker, said } = JSON.parse(line) as { speaker: string; said: string }
        log.info({ detection: speaker, said }, 'a detection printed')
      } catch {
        log.debug('a line of an evaluator could not be read')
      }
    }
  })
}

function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => /error|fatal/iu.test(line) && !line.startsWith('{"speaker":'))
  return lines.at(-1)?.slice(0, 300) ?? ''
}
