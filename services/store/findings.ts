import { sql } from 'kysely'
import type { Database } from './database.ts'
import { findingColumns, findingOf, type FindingRow } from './findings-row.ts'
import { hitFinding } from './rule-hits.ts'
import type { Findings } from './store.ts'
import { columnsOf, digest, json, now, storableText } from './values.ts'

export function createFindings(database: Database): Findings {
  return {
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
          status, severity, title, context, causes, differences, count, opened_at)
        select ${subject}, coalesce(max(epoch), 0) + 1, ${finding.detectionId}, 'policy', ${at.account_id}, ${at.region}, ${at.type},
          ${at.id}, ${storableText(finding.key)}, ${finding.origin}, 'open', ${finding.severity}, ${storableText(finding.title)},
          ${json(finding.context)}, ${json(finding.causes)}, ${json(finding.differences)}, 1, ${now}
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
    hit: (hit) => hitFinding(database, hit),
    async retire(livingDetectionIds) {
      const rows = await database.rows<FindingRow>(sql`
        with retired as (
          select id from findings
          where kind = 'policy' and status = 'open'
            and detection_id not in (select jsonb_array_elements_text(${json(livingDetectionIds)}))
          order by id for update
        )
        update findings as f set status = 'retired', ended_at = ${now}, ending = 'retired'
        from retired where f.id = retired.id returning ${findingColumns}`)
      return rows.map(findingOf)
    },
    async untold() {
      const rows = await database.rows<FindingRow>(sql`
        select ${findingColumns} from findings as f
        where f.status = 'open' and f.origin <> 'change' and f.told_at is null
        order by f.id for update`)
      return rows.map(findingOf)
    },
    async told(ids) {
      if (ids.length === 0) return
      await database.rows(sql`
        with told as (
          select id from findings where id in (select jsonb_array_elements_text(${json(ids)})) order by id for update
        )
        update findings as f set told_at = ${now} from told where f.id = told.id`)
    },
  }
}
