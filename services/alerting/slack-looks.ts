import type { Severity } from '#model'
import { line } from './text.ts'

/** A severity at a glance. */
export const marks: Readonly<Record<Severity, string>> = { CRITICAL: '🔴', HIGH: '🟠', MEDIUM: '🟡', LOW: '🔵', INFO: '⚪' }

/** The bar beside an open alert. */
export const colours: Readonly<Record<Severity, string>> = {
  CRITICAL: '#d1242f',
  HIGH: '#e8912d',
  MEDIUM: '#ecb22e',
  LOW: '#36a2eb',
  INFO: '#9aa0a6',
}
export const green = '#2eb67d'
export const grey = '#616061'

/** `2026-11-21 14:02:03 UTC`; the text itself where it is no time. */
export function momentOf(text: string): string {
  const time = new Date(text)
  if (Number.isNaN(time.getTime())) return line(text, 40)
  return `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** A length of time as people say it: `0.4 s`, `40 s`, `4 min`, `3 h`, `12 d`. */
export function spanOf(ms: number): string {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
  ] as const
  const found = units.find(([each]) => ms >= 2 * each)
  if (found !== undefined) return `${Math.round(ms / found[0])} ${found[1]}`
  return ms < 10_000 ? `${(Math.max(0, ms) / 1_000).toFixed(1)} s` : `${Math.round(ms / 1_000)} s`
}
