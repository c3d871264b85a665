/** Scans: one baseline an account. */
export const scans = [
  `create table scans (
    id text primary key default gen_random_uuid()::text,
    account_id text not null,
    kind text not null check (kind in ('baseline')),
    status text not null check (status in ('listing', 'fetching', 'done')),
    listing_until timestamptz not null,
    unread jsonb not null default '[]',
    started_at timestamptz not null,
    finished_at timestamptz
  )`,
  `create unique index scans_baseline on scans (account_id) where kind = 'baseline'`,
  `create index scans_running on scans (status) where status <> 'done'`,
]
