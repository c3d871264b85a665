/**
 * What is still to be found out about findings. `line`: what is asked one question at a time (an account's region), so that no more is asked
 * of it than it answers. `token` set: lent, until `due_at`.
 */
export const investigations = [
  `create table investigations (
    finding_id text not null references findings (id),
    question text not null check (question in ('session', 'origin')),
    line text not null,
    rank smallint not null,
    due_at timestamptz not null,
    token text,
    attempts integer not null default 0,
    asked_at timestamptz not null,
    settled_at timestamptz,
    answer text,
    primary key (finding_id, question)
  )`,
  `create index investigations_open on investigations (line, rank desc, due_at) where settled_at is null`,
]
