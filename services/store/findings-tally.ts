import { sql } from 'kysely'
import type { Database } from './database.ts'
import type { Tally } from './store.ts'

const mostNamed = 5

/** Counts the findings of each detection that has any. */
export async function tallyFindings(database: Database, staged: boolean): Promise<readonly Tally[]> {
  return database.rows<Tally>(sql`
    with wanted as (
      select detection_id, status, count, opened_at, resource_id, causes->-1->'actor'->>'name' as actor
      from findings where not ${staged}::boolean or staged
    ), named as (
      select detection_id, kind, name, count(*) as count,
        row_number() over (partition by detection_id, kind order by count(*) desc, name) as place
      from (
        select detection_id, 'resource' as kind, resource_id as name from wanted where status <> 'counting'
        union all select detection_id, 'actor', actor from wanted where status <> 'counting'
      ) as each where name is not null
      group by detection_id, kind, name
    ), noisiest as (
      select detection_id, kind, jsonb_agg(jsonb_build_object('name', name, 'count', count) order by place) as list
      from named where place <= ${mostNamed}::integer group by detection_id, kind
    )
    select w.detection_id as "detectionId", count(*) filter (where status <> 'counting') as findings,
      count(*) filter (where status = 'open') as open, count(*) filter (where status = 'counting') as counting,
      sum(count)::bigint as matches, min(opened_at) as "firstAt", max(opened_at) as "lastAt",
      coalesce((select list from noisiest as n where n.detection_id = w.detection_id and n.kind = 'resource'), '[]') as resources,
      coalesce((select list from noisiest as n where n.detection_id = w.detection_id and n.kind = 'actor'), '[]') as actors
    from wanted as w group by w.detection_id order by findings desc, w.detection_id`)
}
