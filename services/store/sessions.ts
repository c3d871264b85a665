import { sql } from 'kysely'
import type { OpenedSession } from '#model'
import type { Database } from './database.ts'
import type { Sessions } from './store.ts'
import { json, milliseconds, now } from './values.ts'

/** A role's session by name lasts twelve hours at most; events are some minutes late. */
const namedHours = 13
/** More callers than this under one name: it says nothing. */
const mostOfOneName = 20

export function createSessions(database: Database): Sessions {
  return {
    async note(sessions) {
      if (sessions.length === 0) return
      const given = [...new Map(sessions.map((each) => [each.accessKeyId, each])).values()].map((session) => ({
        access_key_id: session.accessKeyId,
        role_arn: session.roleArn,
        name: session.name,
        opened_ms: milliseconds(session.openedAt),
        by: session.by,
      }))
      // The account of the role tells less of a caller from outside than the caller's own: the fuller copy stays.
      await database.rows(sql`
        insert into sessions as s (access_key_id, role_arn, name, opened_at, by, seen_at)
        select access_key_id, role_arn, name, to_timestamp(opened_ms / 1000), by, ${now}
        from jsonb_to_recordset(${json(given)}) as given(access_key_id text, role_arn text, name text, opened_ms float8, by jsonb)
        order by access_key_id
        on conflict (access_key_id) do update set by = excluded.by
        where s.by->>'identity' = 'other-account' and excluded.by->>'identity' <> 'other-account'`)
    },
    async find(wanted) {
      if (wanted.length === 0) return []
      const given = wanted.map(({ accessKeyId, roleArn, name, at }) => ({
        access_key_id: accessKeyId,
        role_arn: roleArn,
        name,
        at_ms: milliseconds(at),
      }))
      return database.rows<OpenedSession>(sql`
        with wanted as (
          select access_key_id, role_arn, name, to_timestamp(at_ms / 1000) as at
          from jsonb_to_recordset(${json(given)}) as given(access_key_id text, role_arn text, name text, at_ms float8)
        ), found as (
          select s.* from wanted join sessions as s on s.access_key_id = wanted.access_key_id
          union
          select named.* from wanted, lateral (
            select * from sessions
            where role_arn = wanted.role_arn and name = wanted.name
              and opened_at <= wanted.at and opened_at > wanted.at - ${namedHours}::integer * interval '1 hour'
            order by opened_at desc limit ${mostOfOneName}::integer
          ) as named
        )
        select access_key_id as "accessKeyId", role_arn as "roleArn", name, opened_at as "openedAt", by from found order by opened_at, access_key_id`)
    },
  }
}
