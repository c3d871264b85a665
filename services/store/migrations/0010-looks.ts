/**
 * How states came to be known. `event_id` is null where it is the id itself. `unread_number`: the newest look number at the time of
 * the last failed look. `looked_up`: ids that the verdict depends on; an effective change is written as two `echoes`, which
 * make the dependents due. None of the columns that an unchanged look writes is indexed, and pages keep room, so that it stays a cheap
 * update in place.
 */
export const looks = [
  `alter table resources
    add column event_id text,
    add column born_at timestamptz,
    add column confirmed boolean not null default true,
    add column unread_cause text,
    add column unread_since timestamptz,
    add column unread_number bigint,
    add column looked_up text[] not null default '{}',
    add column judged_at timestamptz not null default '-infinity',
    add column gone_at timestamptz`,
  `alter table resources set (fillfactor = 80)`,
  `update resources set gone_at = fetched_at where gone`,
  `create index resources_gone_at on resources (gone_at) where gone_at is not null`,
  `create index resources_event_id on resources (coalesce(event_id, id), account_id, type) where not gone`,
  // Turned round, one index finds an id and its end.
  `create index resources_id on resources (reverse(id) text_pattern_ops)`,
  // Names are of any length: a hash has room for all of them.
  `create index resources_name on resources using hash ((attributes ->> 'Name'))`,
  `create index resources_looked_up on resources using gin (looked_up) with (fastupdate = off) where looked_up <> '{}' and not gone`,
  `create table echoes (
    number bigint generated always as identity primary key,
    id text not null,
    at timestamptz not null
  )`,
  `create index echoes_at on echoes (at)`,
]
