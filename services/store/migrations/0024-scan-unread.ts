/** Resources that a scan could not look at, kept with the scan. Those that were never read have no other row. */
export const scanUnread = [
  `create table scan_unread (
    scan_id text not null references scans (id) on delete cascade,
    region text not null,
    type text not null,
    id text not null,
    cause text not null,
    detail text not null,
    primary key (scan_id, region, type, id)
  )`,
]
