/**
 * Which accounts and regions are heard. `heard`: signs of life that nobody has looked at yet, one a minute. `coverage`: up to where
 * they were looked at. `reading`: since when a source is read without a break and brings what is fresh. `turns`: work that one process
 * does at a time.
 */
export const coverage = [
  `create table heard (
    account_id text not null,
    region text not null,
    minute timestamptz not null,
    beat boolean not null,
    at timestamptz not null,
    primary key (account_id, region, minute, beat)
  )`,
  `create table coverage (
    account_id text not null,
    region text not null,
    heard_at timestamptz,
    beat_at timestamptz,
    primary key (account_id, region)
  )`,
  `create table reading (
    source text primary key,
    since timestamptz not null,
    current_at timestamptz not null
  )`,
  `create table turns (
    name text primary key,
    due_at timestamptz not null
  )`,
]
