/** Bundles of detections: what was uploaded, file by file under its digest, and which counted when: the last activation counts. Rows are only ever added. */
export const bundles = [
  `create table bundle_files (digest text primary key, content text not null)`,
  `create table bundles (
    number integer primary key check (number > 0),
    digest text not null unique,
    files jsonb not null,
    detections jsonb not null
  )`,
  `create table bundle_activations (
    id bigint primary key check (id > 0),
    number integer not null,
    how text not null check (how in ('upload', 'rollback')),
    at timestamptz not null,
    by text not null,
    origin text,
    message text,
    forced boolean not null
  )`,
  `create index bundle_activations_of on bundle_activations (number, id)`,
  `create function tripline_refuse_change() returns trigger language plpgsql
    as $$ begin raise exception 'rows of % are only ever added', tg_table_name; end $$`,
  ...['bundle_files', 'bundles', 'bundle_activations'].map(
    (table) => `create trigger ${table}_are_kept before update or delete on ${table}
      for each statement execute function tripline_refuse_change()`,
  ),
  `alter table resources add column judged_by bigint`,
  `alter table findings add column judged_by bigint`,
]
