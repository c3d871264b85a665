/** Alerts, and the outbox. `token` set: lent, until `due_at`. `rank` is the severity's place, highest first to be sent. */
export const alerts = [
  `create table alerts (
    id text primary key default gen_random_uuid()::text,
    finding_id text unique references findings (id),
    key_digest text not null,
    content jsonb not null,
    revision integer not null default 1,
    created_at timestamptz not null,
    revised_at timestamptz not null
  )`,
  `create unique index alerts_key on alerts (key_digest) where finding_id is null`,
  `create table deliveries (
    id text primary key default gen_random_uuid()::text,
    alert_id text not null references alerts (id),
    destination text not null,
    channel text not null,
    team text,
    because text not null,
    rank smallint not null,
    status text not null check (status in ('due', 'sent', 'closed')),
    due_at timestamptz not null,
    token text,
    message jsonb,
    shown_revision integer,
    attempts integer not null default 0,
    sending boolean not null default false,
    uncertain boolean not null default false,
    reason text,
    created_at timestamptz not null,
    settled_at timestamptz,
    unique (alert_id, destination, channel)
  )`,
  `create index deliveries_due on deliveries (destination, channel, rank desc, due_at) where status = 'due'`,
  `create index deliveries_lent on deliveries (destination, channel) where token is not null`,
]
