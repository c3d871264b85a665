import { eventNamesOf } from '#ingest'
import type { Detection } from '#model'
import { openStore, type Tally } from '#store'
import { readConfig } from '../processes/config.ts'
import { openDetections } from '../processes/detections.ts'
import { inventoryOf } from '../processes/run.ts'

export interface DetectionsOptions {
  readonly config: string
  readonly dead: boolean
  readonly days: number
  readonly json: boolean
}

/** Why a detection is dead: it cannot match, or has not for long. `doubt`: it may not. */
interface Death {
  readonly how: 'cannot-match' | 'silent' | 'doubt'
  readonly why: string
}

const dayMs = 86_400_000

/** `tripline detections`: what each found, and which are dead. Exit code 1 when one cannot match. */
export async function detectionsCommand({ config: file, dead, days, json }: DetectionsOptions): Promise<number> {
  const config = await readConfig(file, process.env)
  await using store = await openStore(config.store)
  await using evaluator = await openDetections(config, store)
  const watched = new Set(inventoryOf(config, () => 1).types)
  const [tallies, since, now] = [await store.findings.tallies(false), await store.detections.since(), await store.now()]
  const rows = evaluator.detections.map((detection) => {
    const tally = tallies.find(({ detectionId }) => detectionId === detection.id) ?? null
    const deaths = [...impossible(detection, watched), ...silent(tally, since.get(detection.id) ?? null, now, days)]
    return { detection, tally, deaths }
  })
  const shown = rows.filter(({ deaths }) => !dead || deaths.length > 0)
  for (const { detection, tally, deaths } of shown) {
    const { id, kind, severity, staged } = detection
    const [findings, open, lastAt] = [tally?.findings ?? 0, tally?.open ?? 0, tally?.lastAt ?? null]
    if (json) print(JSON.stringify({ detection: id, kind, severity, staged, findings, open, lastAt, dead: deaths }))
    else {
      const found = lastAt === null ? 'nothing found' : `${findings} found, ${open} open, last on ${lastAt.toISOString()}`
      print(`${severity.padEnd(8)} ${kind} ${id}${staged ? ' (staged)' : ''}: ${found}`)
      for (const { how, why } of deaths)
        print(`         ${{ 'cannot-match': 'cannot match', silent: 'silent', doubt: 'in doubt' }[how]}: ${why}`)
    }
  }
  const impossibles = rows.filter(({ deaths }) => deaths.some(({ how }) => how === 'cannot-match')).length
  const summary = { detections: rows.length, dead: rows.filter(({ deaths }) => deaths.length > 0).length, cannotMatch: impossibles }
  if (json) print(JSON.stringify({ summary }))
  else
    process.stderr.write(
      `${summary.detections} detections, ${summary.dead} dead or in doubt, of which ${impossibles} cannot match\n`,
    )
  return dead && impossibles > 0 ? 1 : 0
}

/** What keeps a detection from ever matching, as far as can be told without its code. */
function impossible({ kind, resourceTypes, suppressions, match }: Detection, watched: ReadonlySet<string>): readonly Death[] {
  if (kind === 'rule') return (match?.sources ?? []).flatMap((source) => unheard(source, match?.names ?? null))
  const deaths: Death[] = []
  if (resourceTypes.length > 0 && resourceTypes.every((type) => !watched.has(type))) {
    deaths.push({
      how: 'cannot-match',
      why: `none of its resource types is watched (${resourceTypes.join(', ')}); see resourceTypes in the configuration`,
    })
  }
  if (suppressions.includes('*')) deaths.push({ how: 'cannot-match', why: 'its suppressions leave out every resource' })
  return deaths
}

/** Whether events of a source and of these names can come. Names that touch nothing we know are not judged, but a known one in other letters is a slip. */
function unheard(source: string, names: readonly string[] | null): readonly Death[] {
  if (!/^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com$/u.test(source)) {
    return [{ how: 'cannot-match', why: `${source} is no source of CloudTrail; they end in .amazonaws.com` }]
  }
  const events = eventNamesOf(source)
  if (events === null) return [{ how: 'doubt', why: `${source} is a source of which no event is known here` }]
  const slips = (names ?? []).flatMap((name) => {
    const meant = [...events].find((each) => each !== name && each.toLowerCase() === name.toLowerCase())
    return meant === undefined || events.has(name) ? [] : [{ name, meant }]
  })
  const how = names !== null && slips.length === names.length ? 'cannot-match' : 'doubt'
  return slips.map(({ name, meant }) => ({ how, why: `${source} has no event ${name}, but ${meant}` }))
}

/** Whether it was known for long and found nothing; what is still open counts as found. */
function silent(tally: Tally | null, since: Date | null, now: Date, days: number): readonly Death[] {
  const last = Math.max(since?.getTime() ?? now.getTime(), tally?.lastAt.getTime() ?? 0)
  if ((tally?.open ?? 0) > 0 || now.getTime() - last < days * dayMs) return []
  return [
    {
      how: 'silent',
      why: tally === null ? `has found nothing since ${since?.toISOString() ?? 'ever'}` : `has found nothing for ${days} days`,
    },
  ]
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
