/**
 * Scans of every kind, listed part by part. An account keeps its one baseline, whatever its key. `listing_until` is infinite: the
 * version before leaves these scans alone. Parts: `token` set means lent, until `due_at`; `start_number` is drawn before the first
 * page, so that what has a lower number was not looked at since; `checked_to` is how far the check of what was not listed has come.
 */
export const scanParts = [
  `alter table scans
    add column key text not null default '',
    alter column listing_until set default 'infinity',
    drop constraint scans_kind_check,
    drop constraint scans_status_check,
    add check (kind in ('baseline', 'daily', 'request', 'gap')),
    add check (status in ('listing', 'fetching', 'checking', 'done'))`,
  `create unique index scans_key on scans (account_id, kind, key)`,
  `create index scans_finished on scans (finished_at) where status = 'done'`,
  `create table scan_parts (
    id text primary key default gen_random_uuid()::text,
    scan_id text not null references scans (id) on delete cascade,
    began_at timestamptz not null,
    account_id text not null,
    region text not null,
    type text not null,
    status text not null default 'open' check (status in ('open', 'listed', 'unread', 'checked')),
    due_at timestamptz not null,
    token text,
    after text,
    attempts integer not null default 0,
    start_number bigint,
    listed bigint not null default 0,
    cause text,
    detail text,
    checked_to text not null default '',
    unique (scan_id, region, type)
  )`,
  `create index scan_parts_due on scan_parts (account_id, began_at, scan_id, due_at) where status = 'open'`,
  `create index scan_parts_listed on scan_parts (scan_id) where status = 'listed'`,
]
