/** Findings of detections on trial, and the distinct values (as digests) that a rule below its threshold has counted. */
export const quiet = [
  `alter table findings add column staged boolean not null default false`,
  `alter table findings add column counted text[]`,
]
