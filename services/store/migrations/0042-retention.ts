/** What is long over is forgotten: the index finds it. */
export const retention = [`create index findings_over on findings ((coalesce(ended_at, period_ends_at)))`]
