/** What rules remember between events. A row without kind is a key that was removed: it stays for a day, so that all processes hear of it. */
export const ruleCache = [
  `create table rule_cache (
    key text primary key,
    kind text check (kind in ('n', 's', 'd')),
    value jsonb,
    until timestamptz,
    changed_by xid8 not null default pg_current_xact_id(),
    changed_at timestamptz not null default tripline_now()
  )`,
  `create index rule_cache_changed on rule_cache (changed_by)`,
]
