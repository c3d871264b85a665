/** The parts of the line that a process can run; all by default. */
export const roles = ['ingest', 'refresh', 'judge', 'scan', 'investigate', 'deliver', 'http'] as const
export type Role = (typeof roles)[number]
