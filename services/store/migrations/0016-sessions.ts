/** Who got which temporary key: one row a key, kept for two days, which is longer than any session lasts. */
export const sessions = [
  `create table sessions (
    access_key_id text primary key,
    role_arn text not null,
    name text not null,
    opened_at timestamptz not null,
    by jsonb not null,
    seen_at timestamptz not null
  )`,
  `create index sessions_named on sessions (role_arn, name, opened_at)`,
]
