/** When everything is looked at: every day at a local time, in minutes after midnight. */
export interface Schedule {
  readonly minutes: number
  /** IANA name: `Europe/Berlin`. */
  readonly timeZone: string
}

const dayMs = 86_400_000

/**
 * The local date whose daily run is due: today's once its time has come, else yesterday's. Computed from zone data at every look, so
 * that a day of 23 or 25 hours, a skipped time or a repeated one is still one date, and so one run.
 */
export function dueDate(now: Date, { minutes, timeZone }: Schedule): string {
  const local = localOf(now, timeZone)
  if (local.minutes >= minutes) return local.date
  return new Date(Date.parse(`${local.date}T00:00:00Z`) - dayMs).toISOString().slice(0, 10)
}

function localOf(moment: Date, timeZone: string): { date: string; minutes: number } {
  const parts = formatOf(timeZone).formatToParts(moment)
  const of = (wanted: string): string => parts.find(({ type }) => type === wanted)?.value ?? ''
  return { date: `${of('year')}-${of('month')}-${of('day')}`, minutes: Number(of('hour')) * 60 + Number(of('minute')) }
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** Making one is slow. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  })
  formats.set(timeZone, made)
  return made
}
