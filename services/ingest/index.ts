// In: raw bodies from a queue or file. Out: verified audit events, and which resources each touches.
export { decode, type Decoded, type Rejected, type RejectReason, type Trust } from './decode.ts'
export { sessionOf } from './read-session.ts'
export { eventNamesOf, touches, type Touch } from './touches.ts'
export { IngestError, type IngestCode } from './ingest-error.ts'
export { openFileSource } from './file-source.ts'
export { readFiles, type FileRecord } from './read-files.ts'
export { openSqsSource, type SqsSourceOptions } from './sqs-source.ts'
export type { BatchHandler, Message, Source } from './source.ts'
