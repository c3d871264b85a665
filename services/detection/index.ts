// In: audit events and resources. Out: rule matches and policy outcomes.
export { createEvaluator, type EvaluatorOptions } from './create-evaluator.ts'
export { readBundle, restoreBundle, withoutFiles, type BundleContent } from './bundle-files.ts'
export { openBundleFolder, type BundleFolder, type PrivateFolder } from './bundle-folder.ts'
export type { FoldersContent } from './source-folders.ts'
export { openFolders, type OpenFolders } from './watch-folders.ts'
export { prepareEvaluator, type Prepared } from './prepare.ts'
export { createLiveEvaluator, type LiveEvaluator } from './live-evaluator.ts'
export { serveEvaluator } from './child.ts'
export { servePython } from './python/serve.ts'
export { checkPacks, type Pack, type PackReport } from './python/packs.ts'
export { linesOfLeftOut } from './not-run.ts'
export { testDetections, type TestedDetection, type TestReport } from './test-detections.ts'
export type { LoadedDetection, TestResult } from './protocol.ts'
export { DetectionError } from './errors.ts'
export type {
  BodyJudgement,
  Evaluator,
  Evaluators,
  LookUp,
  RecordJudgement,
  ResourceJudgement,
  RunningBundle,
} from './evaluator.ts'
