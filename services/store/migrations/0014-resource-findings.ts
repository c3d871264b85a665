/** All policy findings of a resource, for people who ask about it. */
export const resourceFindings = [
  `create index findings_all_of_resource on findings (account_id, region, resource_type, resource_id, opened_at) where kind = 'policy'`,
]
