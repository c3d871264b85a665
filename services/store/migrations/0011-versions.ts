/** Every version of each resource. `replaced_at`: when it was no longer the newest, from which its time runs out; its own for gone. */
export const versions = [
  `create table versions (
    account_id text not null,
    region text not null,
    type text not null,
    id text not null,
    number bigint not null,
    at timestamptz not null,
    kind text not null check (kind in ('first', 'created', 'changed', 'gone', 'reshaped')),
    attributes jsonb,
    differences jsonb not null,
    causes jsonb not null,
    replaced_at timestamptz,
    primary key (account_id, region, type, id, number)
  )`,
  `create index versions_at on versions (account_id, region, type, id, at)`,
  `create index versions_replaced_at on versions (replaced_at) where replaced_at is not null`,
  // What is known already is the version before the first change that is to come.
  `insert into versions (account_id, region, type, id, number, at, kind, attributes, differences, causes)
    select account_id, region, type, id, number, fetched_at, 'first', attributes, '[]', '[]' from resources where not gone`,
]
