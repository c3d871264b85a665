import { spawn } from 'node:child_process'
import { basename, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import type { Environment } from './environment.ts'

/** What a command says of the tests of a repository. */
export interface Verdicts {
  readonly tests: ReadonlyMap<string, readonly Verdict[]>
  /** Specifications that cannot be used, by file name. */
  readonly invalid: ReadonlyMap<string, string>
  readonly seconds: number
}
interface Verdict {
  readonly name: string
  readonly passed: boolean
  /** What each function that is shown came to: output, or error. */
  readonly said: ReadonlyMap<string, string>
}

interface Drafted {
  readonly name: string
  readonly passed: boolean
  readonly said: Map<string, string>
}

/** Panther's own command, read from what it prints. `seed` orders Python's sets. */
export async function askTool({ tool }: Environment, folder: string, ids: ReadonlySet<string>, seed: number): Promise<Verdicts> {
  const { out, seconds } = await run(tool, ['test', '--path', folder], { PYTHONHASHSEED: String(seed) })
  const [report, ends] = halves(out)
  const tests = new Map<string, Drafted[]>()
  let own: Drafted[] = []
  let last = ''
  for (const line of report.split('\n')) {
    const [, , word, output] = /^\t\t\[(PASS|FAIL)\] \[(\w+)\] (.*)$/u.exec(line) ?? []
    const [, passed, name] = /^\t\[(PASS|FAIL)\] (.*)$/u.exec(line) ?? []
    const test = own.at(-1)
    if (word !== undefined && test !== undefined) test.said.set((last = word), output ?? '')
    else if (name !== undefined) own.push({ name, passed: passed === 'PASS', said: new Map() })
    else if (ids.has(line)) tests.set(line, (own = []))
    else if (test?.said.has(last) === true) test.said.set(last, `${test.said.get(last)}\n${line}`)
  }
  const invalid = new Map<string, string>()
  const [, listed = ''] = /Invalid Tests Summary\n([^]*)/u.exec(ends) ?? []
  for (const [, file, message] of listed.matchAll(/^\t(\S+\.ya?ml)\n\t\t(.*)$/gmu)) invalid.set(basename(file ?? ''), message ?? '')
  return { tests, invalid, seconds }
}

/** The tests, and the summaries after them. */
function halves(out: string): readonly [string, string] {
  const text = stripVTControlCharacters(out)
  const at = text.search(/^-{26}$/mu)
  return [text.slice(0, at), text.slice(at)]
}

interface Line {
  readonly detection?: string
  readonly tests?: readonly {
    readonly name: string
    readonly alerts: boolean
    readonly passed: boolean
    readonly functions: readonly { readonly name: string; readonly output: string | null; readonly error: string | null }[]
  }[]
  readonly invalid?: string
  readonly message?: string
}

/** `tripline test --json`. */
export async function askTripline(folder: string): Promise<Verdicts> {
  const main = join(import.meta.dirname, '../../services/cli/main.ts')
  const { out, seconds } = await run(process.execPath, [main, 'test', folder, '--json'], {})
  const tests = new Map<string, readonly Verdict[]>()
  const invalid = new Map<string, string>()
  for (const line of out.trim().split('\n')) {
    const { detection, tests: ran = [], invalid: file, message = '' } = JSON.parse(line) as Line
    if (file !== undefined)
      invalid.set(
        basename(file)
          .replace(/(?::\d+:\d+)?$/u, '')
          .replace(/\.py$/u, '.yml'),
        message,
      )
    if (detection === undefined) continue
    const verdicts = ran.map(({ name, alerts, passed, functions }) => {
      const shown = alerts ? functions : functions.slice(0, 1)
      const words = shown.map((each) => [
        each.name === 'alert_context' ? 'alertContext' : each.name,
        each.error ?? each.output ?? '',
      ])
      return { name, passed, said: new Map(words as [string, string][]) }
    })
    tests.set(detection, verdicts)
  }
  return { tests, invalid, seconds }
}

async function run(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly out: string; readonly seconds: number }> {
  const begun = performance.now()
  const child = spawn(command, args, { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'ignore'] })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => resolve())
  })
  return { out, seconds: (performance.now() - begun) / 1_000 }
}
