import * as z from 'zod'
import { severities } from '#model'

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }
export const period = z
  .string()
  .regex(/^[1-9]\d{0,3}[mhd]$/u, 'allowed: minutes, hours or days, as 30m, 4h or 1d')
  .transform((text) => Number(text.slice(0, -1)) * (units[text.slice(-1)] ?? 0))

/** `reminders`: after how long an open finding of a severity is told again; in ms. */
export const reminders = z.partialRecord(z.enum(severities), period).prefault({ CRITICAL: '1d' })
