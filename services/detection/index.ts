// In: audit events and resources. Out: rule matches and policy outcomes.
export type { BodyJudgement, Evaluator, RecordJudgement, ResourceJudgement } from './evaluator.ts'
