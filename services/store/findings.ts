import { sql, type RawBuilder } from 'kysely'
import { severities } from '#model'
import type { Database } from './database.ts'
import { findingColumns, findingOf, type FindingRow } from './findings-row.ts'
import { tallyFindings } from './findings-tally.ts'
import { hitFinding } from './rule-hits.ts'
import type { FindingFilter, Findings } from './store.ts'
import { columnsOf, digest, json, now, storableText, texts } from './values.ts'

export function createFindings(database: Database): Findings {
  return {
    async get(id) {
      const row = await database.first<FindingRow>(
        sql`select ${findingColumns} from findings as f where f.id = ${storableText(id)}`,
      )
      return row === null ? null : findingOf(row)
    },
    async list(filter, limit) {
      const rows = await database.rows<FindingRow>(sql`
        select ${findingColumns} from findings as f where ${holds(filter)}
        order by array_position(${texts(severities)}, f.severity) desc, f.opened_at desc, f.id limit ${limit}::integer`)
      return rows.map(findingOf)
    },
    async count(filter) {
      return (await database.one<{ count: number }>(sql`select count(*) as count from findings as f where ${holds(filter)}`)).count
    },
    async openOf(ref) {
      const key = columnsOf(ref)
      const rows = await database.rows<FindingRow>(sql`
        select ${findingColumns} from findings as f
        where f.kind = 'policy' and f.status = 'open' and f.account_id = ${key.account_id} and f.region = ${key.region}
          and f.resource_type = ${key.type} and f.resource_id = ${key.id}
        order by f.detection_id, f.key`)
      return rows.map(findingOf)
    },
    async of(ref, limit) {
      const key = columnsOf(ref)
      const rows = await database.rows<FindingRow>(sql`
        select ${findingColumns} from findings as f
        where f.kind = 'policy' and f.account_id = ${key.account_id} and f.region = ${key.region}
          and f.resource_type = ${key.type} and f.resource_id = ${key.id}
        order by f.opened_at desc, f.id limit ${limit}::integer`)
      return rows.map(findingOf)
    },
    async open(finding) {
      const at = columnsOf(finding.resource)
      const subject = digest('policy', finding.detectionId, at, finding.key)
      const row = await database.first<FindingRow>(sql`
        insert into findings as f (subject, epoch, detection_id, kind, account_id, region, resource_type, resource_id, key, origin,
          status, severity, title, context, causes, differences, count, staged, judged_by, opened_at)
        select ${subject}, coalesce(max(epoch), 0) + 1, ${finding.detectionId}, 'policy', ${at.account_id}, ${at.region}, ${at.type},
          ${at.id}, ${storableText(finding.key)}, ${finding.origin}, 'open', ${finding.severity}, ${storableText(finding.title)},
          ${json(finding.context)}, ${json(finding.causes)}, ${json(finding.differences)}, 1, ${finding.staged === true}::boolean,
          ${finding.judgedBy ?? null}::bigint, ${now}
        from findings where subject = ${subject}
        having count(*) filter (where status = 'open') = 0
        on conflict do nothing
        returning ${findingColumns}`)
      return row === null ? null : findingOf(row)
    },
    async end(id, ending, cause) {
      const row = await database.first<FindingRow>(sql`
        update findings as f set status = ${ending === 'retired' ? 'retired' : 'resolved'}, ended_at = ${now}, ending = ${ending},
          end_cause = ${json(cause)}
        where f.id = ${id} and f.status = 'open' returning ${findingColumns}`)
      return row === null ? null : findingOf(row)
    },
    async reword(id, words) {
      const title = storableText(words.title)
      const rows = await database.rows(sql`
        update findings set severity = ${words.severity}, title = ${title}
        where id = ${id} and status = 'open' and (severity, title) is distinct from (${words.severity}::text, ${title}::text) returning 1`)
      return rows.length > 0
    },
    async explain(id, causes) {
      await database.rows(sql`update findings set causes = ${json(causes)} where id = ${id}`)
    },
    hit: (hit) => hitFinding(database, hit),
    async retire(livingDetectionIds, limit) {
      // The resource first, as whoever judges it does.
      const rows = await database.rows<FindingRow>(sql`
        with removed as materialized (
          select id, account_id, region, resource_type as type, resource_id from findings
          where kind = 'policy' and status = 'open'
            and detection_id not in (select jsonb_array_elements_text(${json(livingDetectionIds)}))
          order by id limit ${limit}::integer
        ), held as materialized (
          select account_id, region, type, id from resources
          where (account_id, region, type, id) in (select account_id, region, type, resource_id from removed)
          order by account_id, region, type, id for update
        ), marked as (
          update resources as r set evaluated_with = '' from held
          where r.account_id = held.account_id and r.region = held.region and r.type = held.type and r.id = held.id
          returning 1
        )
        update findings as f set status = 'retired', ended_at = ${now}, ending = 'retired'
        from removed where f.id = removed.id and f.status = 'open' and (select count(*) from marked) >= 0 returning ${findingColumns}`)
      return rows.map(findingOf)
    },
    async promote(detectionIds) {
      const rows = await database.rows(sql`
        with promoted as (
          select id from findings
          where kind = 'policy' and status = 'open' and staged
            and detection_id in (select jsonb_array_elements_text(${json(detectionIds)}))
          order by id for update
        )
        update findings as f set staged = false, origin = 'detection', told_at = null from promoted where f.id = promoted.id returning 1`)
      return rows.length
    },
    tallies: (staged) => tallyFindings(database, staged),
    async untold({ detectionIds, busyAccounts, judgedBy = null }, after, limit) {
      const rows = await database.rows<FindingRow>(sql`
        select ${findingColumns} from findings as f
        where f.status = 'open' and f.origin <> 'change' and f.told_at is null and not f.staged and f.id > ${after ?? ''}
          and f.detection_id = any (${texts(detectionIds)}) and f.account_id <> all (${texts(busyAccounts)})
          and (f.judged_by is null or f.judged_by <= coalesce(${judgedBy}::bigint, f.judged_by))
        order by f.id limit ${limit}::integer for update`)
      return rows.map(findingOf)
    },
    async told(ids, alertId) {
      if (ids.length === 0) return
      await database.rows(sql`
        with told as (
          select id from findings where id in (select jsonb_array_elements_text(${json(ids)})) order by id for update
        ), summarised as (
          insert into summarised (finding_id, alert_id) select id, ${alertId}::text from told where ${alertId}::text is not null
          on conflict do nothing
        )
        update findings as f set told_at = ${now} from told where f.id = told.id`)
    },
  }
}

function holds({
  kind,
  ids,
  statuses,
  severities: among,
  accountId,
  region,
  detectionId,
  resourceType,
  team,
}: FindingFilter): RawBuilder<boolean> {
  const conditions = [sql`true`]
  if (kind !== undefined) conditions.push(sql`f.kind = ${kind}`)
  if (ids !== undefined) conditions.push(sql`f.id = any (${texts(ids)})`)
  if (statuses !== undefined) conditions.push(sql`f.status = any (${texts(statuses)})`)
  if (among !== undefined) conditions.push(sql`f.severity = any (${texts(among)})`)
  if (accountId !== undefined) conditions.push(sql`f.account_id = ${storableText(accountId)}`)
  if (region !== undefined) conditions.push(sql`f.region = ${storableText(region)}`)
  if (detectionId !== undefined) conditions.push(sql`f.detection_id = ${storableText(detectionId)}`)
  if (resourceType !== undefined) conditions.push(sql`f.resource_type = ${storableText(resourceType)}`)
  if (team !== undefined) {
    conditions.push(sql`exists (
      select from deliveries as d
      where d.team = ${storableText(team)} and d.alert_id in (
        select id from alerts where finding_id = f.id union all select alert_id from summarised where finding_id = f.id
      )
    )`)
  }
  return sql<boolean>`${sql.join(conditions, sql` and `)}`
}
