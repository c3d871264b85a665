import { readdir } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'

/** One measured figure, and what it is a ratio of. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What the value is measured against, in the same run. */
  readonly of: string
  readonly aim?: string
}
/** What a benchmark may be asked for beside its name; each says what it does without. */
export interface BenchOptions {
  readonly source?: 'sqs' | 'kafka' | undefined
  readonly seconds?: number | undefined
}
interface Bench {
  readonly bench: (options: BenchOptions) => Promise<{ readonly name: string; readonly figures: readonly Figure[] }>
}

/** `tripline bench NAME`: runs `test/bench/NAME.ts`. Exit code 2 for an unknown name. */
export async function benchCommand(name: string, { json, ...options }: BenchOptions & { json: boolean }): Promise<number> {
  const folder = join(import.meta.dirname, '../../test/bench')
  const names = (await readdir(folder)).filter((file) => file.endsWith('.ts')).map((file) => file.slice(0, -3))
  if (!names.includes(name)) {
    process.stderr.write(`bench: given ${name}; allowed: ${names.toSorted().join(', ')}\n`)
    return 2
  }
  const { bench } = (await import(pathToFileURL(join(folder, `${name}.ts`)).href)) as Bench
  const result = await bench(options)
  for (const figure of result.figures) {
    const { name: what, value, unit, of, aim } = figure
    process.stderr.write(`${what}: ${value.toPrecision(3)} ${unit} of ${of}${aim === undefined ? '' : ` (aim ${aim})`}\n`)
    if (json) process.stdout.write(`${JSON.stringify(figure)}\n`)
  }
  process.stdout.write(json ? `${JSON.stringify({ summary: result })}\n` : '')
  return 0
}
