/** Which resource a delivery tells of, so that what AWS reports of it finds the thread, and the other way round. */
export const threadsByResource = [
  `alter table deliveries add column resource_digest text`,
  `create index deliveries_by_resource on deliveries (resource_digest) where resource_digest is not null and thread_id is not null`,
]
