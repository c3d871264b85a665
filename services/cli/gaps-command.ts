import { line } from '#alerting'
import { openStore, type Covered, type Gap, type ScanProgress, type Store } from '#store'
import { readConfig, type Config } from '../processes/config.ts'
import { expectedOf } from '../processes/config-feed.ts'
import { placesOf } from '../processes/run.ts'

export interface GapsOptions {
  readonly config: string
  readonly limit: number
  readonly json: boolean
}

/** `tripline gaps`: what did not come, open ones first, and what was made up for; then who was never heard. Exit code 1 while one is open. */
export async function gapsCommand({ config: file, limit, json }: GapsOptions): Promise<number> {
  const config = await readConfig(file, process.env)
  await using store = await openStore(config.store)
  const gaps = await store.gaps.list(limit)
  const scans = new Map((await store.scans.progress(gaps.flatMap((gap) => gap.scans))).map((scan) => [scan.id, scan]))
  for (const gap of gaps) print(json ? JSON.stringify(objectOf(gap, scans)) : wordsOf(gap, scans, config).join('\n'))
  const unheard = await neverHeard(config, store)
  for (const { accountId, region, since } of unheard) {
    if (json) print(JSON.stringify({ account: accountId, region, heartbeat: 'never', lastHeard: since }))
    else print(`never    ${placeOf(config, accountId)} ${region}: ${heardWords(since)}`)
  }
  const open = gaps.filter(({ until }) => until === null).length
  if (json) print(JSON.stringify({ summary: { gaps: gaps.length, open, neverHeard: unheard.length } }))
  else
    process.stderr.write(`${gaps.length} gaps, ${open} of them open; ${unheard.length} accounts and regions without a heartbeat\n`)
  return open > 0 ? 1 : 0
}

/** Accounts and regions that are to send heartbeats and never did, with the last event of theirs. */
export async function neverHeard(
  config: Config,
  { coverage }: Pick<Store, 'coverage'>,
): Promise<readonly { accountId: string; region: string; since: Date | null }[]> {
  const known = new Map((await coverage.list()).map((covered) => [`${covered.accountId} ${covered.region}`, covered]))
  return expectedOf(config).flatMap(({ accountId, region }) => {
    const covered = known.get(`${accountId} ${region}`)
    if (covered !== undefined && hasBeat(covered)) return []
    return [{ accountId, region, since: covered?.signs.at(-1)?.at ?? covered?.heardAt ?? null }]
  })
}

function hasBeat({ beatAt, signs }: Covered): boolean {
  return beatAt !== null || signs.some(({ beat }) => beat)
}

/** What a region that sends no heartbeats is known by. */
export function heardWords(since: Date | null): string {
  return since === null ? 'no heartbeat and no event ever came' : `no heartbeat ever came, the last event on ${since.toISOString()}`
}

function objectOf({ accountId, scans: ids, ...gap }: Gap, scans: ReadonlyMap<string, ScanProgress>): object {
  return { account: accountId, ...gap, scans: ids.map((id) => ({ id, status: scans.get(id)?.status ?? 'forgotten' })) }
}

function wordsOf(gap: Gap, scans: ReadonlyMap<string, ScanProgress>, config: Config): readonly string[] {
  const { accountId, region, cause, detail, from, until, read, known, touched, matched, fill, filledUntil, problem } = gap
  const when = until === null ? `since ${from.toISOString()}` : `${from.toISOString()} to ${until.toISOString()}`
  const filled = `${read} events read, ${touched} touched resources, ${matched} matched rules, ${known} had come before`
  const state = {
    done: 'complete',
    failed: `given up (${problem ?? 'unknown'})`,
    filling: `read up to ${filledUntil.toISOString()}`,
  }[fill]
  return [
    `${until === null ? 'open    ' : 'over    '} ${placeOf(config, accountId)} ${region}: ${cause}, ${when}`,
    ...(detail === '' ? [] : [`         ${line(detail, 200)}`]),
    `         event history: ${state}; ${filled}`,
    ...gap.scans.map((id) => `         scan ${id}: ${scans.get(id)?.status ?? 'forgotten'}`),
  ]
}

function placeOf(config: Config, accountId: string): string {
  const { accountName } = placesOf(config).of({ accountId, region: '' }, null)
  return accountName === accountId ? accountId : `${line(accountName, 80)} (${accountId})`
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
