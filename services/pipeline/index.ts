// In: batches of bodies, marks, stored states. Out: findings and alerts, durable at each step.
export { createIntake } from './intake.ts'
export { noteBroken } from './notes.ts'
export { runRefresh } from './refresh.ts'
export { runInvestigations } from './investigate.ts'
export { runJudge } from './judge.ts'
export { beginScan, planScans, runScans, type ScanScope, type WatchedAccount } from './scan.ts'
export { dueDate, type Schedule } from './schedule.ts'
export type { Observe, Parts, Places, Tell } from './parts.ts'
