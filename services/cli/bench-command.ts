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
interface Bench {
  readonly bench: () => Promise<{ readonly name: string; readonly figures: readonly Figure[] }>
}

/** `tripline bench NAME`: runs `test/bench/NAME.ts`. Exit code 2 for an unknown name. */
export async function benchCommand(name: string, options: { json: boolean }): Promise<number> {
  const folder = join(import.meta.dirname, '../../test/bench')
  const names = (await readdir(folder)).filter((file) => file.endsWith('.ts')).map((file) => file.slice(0, -3))
  if (!names.includes(name)) {
    process.stderr.write(`bench: given ${name}; allowed: ${names.toSorted().join(', ')}\n`)
    return 2
  }
  const { bench } = (await import(pathToFileURL(join(folder, `${name}.ts`)).href)) as Bench
  const result = await bench()
  for (const figure of result.figures) {
    const { name: what, value, unit, of, aim } = figure
    process.stderr.write(`${what}: ${value.toPrecision(3)} ${unit} of ${of}${aim === undefined ? '' : ` (aim ${aim})`}\n`)
    if (options.json) process.stdout.write(`${JSON.stringify(figure)}\n`)
  }
  process.stdout.write(options.json ? `${JSON.stringify({ summary: result })}\n` : '')
  return 0
}
