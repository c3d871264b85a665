import { sql, type RawBuilder } from 'kysely'
import type { Finding } from '#model'
import type { Database } from './database.ts'
import { StoreError } from './error.ts'
import { findingColumns, findingOf, type FindingRow } from './findings-row.ts'
import type { RuleHit } from './store.ts'
import { digest, json, now, storableText } from './values.ts'

interface HitRow extends FindingRow {
  readonly opened: boolean
}

/** An empty answer means that another hit has just begun the epoch; the next statement sees it. */
export async function hitFinding(database: Database, hit: RuleHit): Promise<{ finding: Finding; opened: boolean }> {
  const subject = digest('rule', hit.detectionId, hit.accountId, hit.dedup)
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const row = await countHit(database, hit, subject)
    if (row === null) continue
    const { opened, ...finding } = row
    return { finding: findingOf(finding), opened }
  }
  throw new StoreError('conflict', `Match of ${hit.detectionId} not counted after 5 tries`, { retryable: true })
}

/**
 * `opened_by_count` holds which hit reached the threshold, so that a threshold changed in between still opens exactly once. Where distinct
 * values count, `counted` holds the digests of those so far, until the threshold is reached.
 */
async function countHit(database: Database, hit: RuleHit, subject: string): Promise<HitRow | null> {
  const causes = json([hit.cause])
  const value = hit.unique === undefined || hit.unique === '' ? null : digest('unique', hit.unique).slice(0, 16)
  const [byValue, staged] = [hit.unique !== undefined, hit.staged === true]
  const fresh = hit.summary ?? []
  const summed = (earlier: RawBuilder<unknown>) => (fresh.length === 0 ? earlier : sql`tripline_sum_up(${earlier}, ${json(fresh)})`)
  const opens = hit.threshold <= 1 && (!byValue || value !== null)
  const values = sql`case when ${value}::text is null or ${value}::text = any (coalesce(f.counted, '{}'))
    then coalesce(f.counted, '{}') else f.counted || ${value}::text end`
  const reached = sql`case when ${byValue}::boolean then cardinality(${values}) else f.count + 1 end >= ${hit.threshold}`
  return database.first<HitRow>(sql`
    with joined as (
      update findings as f set count = f.count + 1, causes = tripline_join_causes(f.causes, ${causes}),
        status = case when f.status = 'counting' and ${reached} then 'open' else f.status end,
        opened_at = case when f.status = 'counting' then ${now} else f.opened_at end,
        opened_by_count = case when f.status = 'counting' and ${reached} then f.count + 1 else f.opened_by_count end,
        counted = case when f.status = 'counting' and ${byValue}::boolean then ${values} else f.counted end,
        summary = ${summed(sql`f.summary`)}
      where f.subject = ${subject} and f.period_ends_at > ${now} and f.staged = ${staged}::boolean
        and f.epoch = (select max(epoch) from findings where subject = ${subject} and staged = ${staged}::boolean)
      returning ${findingColumns}, f.opened_by_count is not distinct from f.count as opened
    ), begun as (
      insert into findings as f (subject, epoch, detection_id, kind, account_id, region, key, origin, status, severity, title, context,
        causes, differences, count, opened_at, opened_by_count, period_ends_at, staged, judged_by, counted, summary)
      select ${subject}, coalesce(max(epoch), 0) + 1, ${hit.detectionId}, 'rule', ${storableText(hit.accountId)},
        ${storableText(hit.region)}, ${storableText(hit.dedup)}, 'change', ${opens ? 'open' : 'counting'}, ${hit.severity},
        ${storableText(hit.title)}, ${json(hit.context)}, ${causes}, '[]', 1, ${now}, ${opens ? 1 : null}::bigint,
        ${now} + ${hit.periodMinutes}::float8 * interval '1 minute', ${staged}::boolean,
        ${hit.judgedBy ?? null}::bigint, case when ${value}::text is not null then array[${value}::text] end,
        ${summed(sql`null::jsonb`)}
      from findings where subject = ${subject}
      having not exists (select from joined)
      on conflict do nothing
      returning ${findingColumns}, f.opened_by_count is not distinct from f.count as opened
    )
    select * from joined union all select * from begun`)
}
