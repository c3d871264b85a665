import { line } from '#alerting'
import type { Detection } from '#model'
import { openStore, type Tally } from '#store'
import { readConfig } from '../processes/config.ts'
import { openDetections } from '../processes/detections.ts'

export interface StagedOptions {
  readonly config: string
  readonly json: boolean
}

const dayMs = 86_400_000

/** `tripline staged`: what each staged detection would have told over its time, and whose findings most of that are. */
export async function stagedCommand({ config: file, json }: StagedOptions): Promise<number> {
  const config = await readConfig(file, process.env)
  await using store = await openStore(config.store)
  await using evaluator = await openDetections(config, store)
  const [tallies, since, now] = [await store.findings.tallies(true), await store.detections.since(), await store.now()]
  const staged = evaluator.detections.filter((detection) => detection.staged)
  let findings = 0
  for (const detection of staged) {
    const tally = tallies.find(({ detectionId }) => detectionId === detection.id) ?? null
    const known = since.get(detection.id) ?? null
    const days = known === null ? 0 : Math.max(1, (now.getTime() - known.getTime()) / dayMs)
    findings += tally?.findings ?? 0
    if (json) print(JSON.stringify({ detection: detection.id, severity: detection.severity, since: known, ...numbersOf(tally) }))
    else print(wordsOf(detection, tally, days).join('\n'))
  }
  if (json) print(JSON.stringify({ summary: { staged: staged.length, findings } }))
  else process.stderr.write(`${staged.length} staged, ${findings} findings that nobody was told\n`)
  return 0
}

function numbersOf(tally: Tally | null): Omit<Tally, 'detectionId' | 'firstAt' | 'lastAt'> & { readonly lastAt: Date | null } {
  const { findings = 0, open = 0, counting = 0, matches = 0, lastAt = null, resources = [], actors = [] } = tally ?? {}
  return { findings, open, counting, matches, lastAt, resources, actors }
}

function wordsOf({ id, severity, displayName }: Detection, tally: Tally | null, days: number): readonly string[] {
  const title = `${severity.padEnd(8)} ${id}${displayName === id ? '' : ` (${line(displayName, 150)})`}`
  if (tally === null) {
    return [title, `         has found nothing${days === 0 ? '; no process has run it yet' : ` in ${daysOf(days)}`}`]
  }
  const { findings, open, counting, lastAt } = tally
  const below = counting === 0 ? '' : `, ${counting} below the threshold`
  return [
    title,
    `         would have told ${findings} in ${daysOf(days)} (${(findings / days).toFixed(1)} a day), ${open} still open${below}`,
    `         the last on ${lastAt.toISOString()}`,
    ...noisiest('resources', tally.resources, findings),
    ...noisiest('by', tally.actors, findings),
  ]
}

function noisiest(what: string, names: Tally['resources'], of: number): readonly string[] {
  if (names.length === 0) return []
  return [`         ${what}: ${names.map(({ name, count }) => `${line(name, 120)} ×${count}`).join(', ')} of ${of}`]
}

function daysOf(days: number): string {
  return days < 1.5 ? 'a day' : `${Math.round(days)} days`
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
