/** Which summary told a finding that no change caused; a finding that is routed to several channels has several. */
export const summarised = [
  `create table summarised (
    finding_id text not null references findings (id),
    alert_id text not null references alerts (id),
    primary key (finding_id, alert_id)
  )`,
  `create index findings_by_status on findings (status, opened_at desc)`,
  `create index deliveries_by_alert_team on deliveries (alert_id, team)`,
]
