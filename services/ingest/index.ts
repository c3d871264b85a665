// In: raw bodies from a queue or file. Out: verified audit events, and which resources each touches.
export type { BatchHandler, Message, Source } from './source.ts'
export type { Decoded, Rejected, RejectReason, Trust } from './decode.ts'
