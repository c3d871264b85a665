/**
 * Times in which nothing was heard of an account's region. `filled_until`: up to where its event history was read; `slice_until` and
 * `next_token`: the place in the slice at hand. `token` set: lent, until `due_at`. `told`: the operators know that it is over.
 */
export const gaps = [
  `create table gaps (
    id text primary key default gen_random_uuid()::text,
    account_id text not null,
    region text not null,
    cause text not null,
    detail text not null,
    from_at timestamptz not null,
    until_at timestamptz,
    opened_at timestamptz not null,
    closed_at timestamptz,
    scans jsonb not null default '[]',
    filled_until timestamptz not null,
    slice_until timestamptz,
    next_token text,
    read integer not null default 0,
    known integer not null default 0,
    touched integer not null default 0,
    matched integer not null default 0,
    fill text not null default 'filling' check (fill in ('filling', 'done', 'failed')),
    problem text,
    attempts integer not null default 0,
    due_at timestamptz not null,
    token text,
    told boolean not null default false
  )`,
  `create unique index gaps_from on gaps (account_id, region, cause, from_at)`,
  `create unique index gaps_open on gaps (account_id, region, cause) where until_at is null`,
  `create index gaps_filling on gaps (due_at) where fill = 'filling'`,
  `create index gaps_untold on gaps (closed_at) where not told`,
  `create table trail_problems (
    trail text primary key,
    account_id text not null,
    problem text not null,
    since timestamptz not null
  )`,
]
