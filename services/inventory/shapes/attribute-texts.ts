import * as z from 'zod'
import { rfc3339 } from './parts.ts'

// SNS and SQS tell each attribute as text. What is empty was never set, or was taken away.

const filled = z
  .string()
  .nullable()
  .default(null)
  .transform((value) => (value === '' ? null : value))

export const textOf = filled
export const flagOf = filled
  .pipe(z.enum(['true', 'false']).nullable())
  .transform((value) => (value === null ? null : value === 'true'))
const numberOf = filled.pipe(z.coerce.number<string>().nullable())
export const wholeOf = numberOf.pipe(z.int().nullable())
/** Seconds since 1970. */
export const timeOf = numberOf.transform((seconds) => (seconds === null ? null : rfc3339(new Date(seconds * 1_000))))
