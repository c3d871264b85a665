/**
 * Refresh marks. `token` set: lent, until `due_at`; wishes that come meanwhile gather in the `next_` columns.
 * Causes are joined with the last twenty kept.
 */
export const marks = [
  `create function tripline_join_causes(earlier jsonb, later jsonb) returns jsonb language sql immutable as $$
    select case when jsonb_array_length(earlier || later) <= 20 then earlier || later
      else (select jsonb_agg(cause order by place)
        from jsonb_array_elements(earlier || later) with ordinality as each(cause, place)
        where place > jsonb_array_length(earlier || later) - 20) end
  $$`,
  `create table marks (
    account_id text not null,
    region text not null,
    type text not null,
    id text not null,
    class smallint not null,
    due_at timestamptz not null,
    token text,
    wishes bigint not null,
    causes jsonb not null,
    scan_id text,
    attempts integer not null default 0,
    first_wished_at timestamptz not null,
    next_class smallint,
    next_due_at timestamptz,
    next_wishes bigint not null default 0,
    next_causes jsonb not null default '[]',
    next_scan_id text,
    next_wished_at timestamptz,
    primary key (account_id, region, type, id)
  )`,
  // Leased and delayed marks have a later due_at, so this one index serves all.
  `create index marks_due on marks (class, account_id, due_at)`,
  `create index marks_scan on marks (scan_id) where scan_id is not null`,
  `create index marks_next_scan on marks (next_scan_id) where next_scan_id is not null`,
]
