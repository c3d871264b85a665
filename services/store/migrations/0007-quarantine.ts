/** What could not be used. */
export const quarantine = [
  `create table quarantine (
    id text primary key default gen_random_uuid()::text,
    digest text not null unique,
    source text not null,
    reason text not null,
    detail text not null,
    body text not null,
    count bigint not null,
    received_at timestamptz not null
  )`,
  `create index quarantine_received on quarantine (received_at)`,
]
