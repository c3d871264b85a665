// In: batches of bodies, marks, stored states. Out: findings and alerts, durable at each step.
export { createIntake } from './intake.ts'
export { runRefresh } from './refresh.ts'
export { runJudge } from './judge.ts'
export { beginBaselines, runBaseline } from './baseline.ts'
export type { Observe, Parts, Places, Tell } from './parts.ts'
