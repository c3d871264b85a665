/** Times of a week in a time zone, as office hours. */
export interface Hours {
  readonly timeZone: string
  readonly days: readonly Weekday[]
  /** Minutes of the local day; a time that ends before it begins goes over midnight and belongs to the day on which it began. */
  readonly fromMinutes: number
  readonly toMinutes: number
}
const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
type Weekday = (typeof weekdays)[number]

/** True when the moment lies within the hours, as the clocks on the wall there show it. */
export function isWithin({ timeZone, days, fromMinutes, toMinutes }: Hours, moment: Date): boolean {
  const { day, minutes } = localTime(timeZone, moment)
  if (fromMinutes < toMinutes) return days.includes(day) && minutes >= fromMinutes && minutes < toMinutes
  const yesterday = weekdays[(weekdays.indexOf(day) + 6) % 7] ?? day
  return (days.includes(day) && minutes >= fromMinutes) || (days.includes(yesterday) && minutes < toMinutes)
}

/** `mon, fri 09:00 to 17:00 (Europe/Berlin)` */
export function hoursInWords({ timeZone, days, fromMinutes, toMinutes }: Hours): string {
  return `${days.join(', ')} ${clock(fromMinutes)} to ${clock(toMinutes)} (${timeZone})`
}

function clock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

const formats = new Map<string, Intl.DateTimeFormat>()

function localTime(timeZone: string, moment: Date): { day: Weekday; minutes: number } {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  formats.set(timeZone, format)
  const parts = new Map(format.formatToParts(moment).map(({ type, value }) => [type, value]))
  const named = (parts.get('weekday') ?? '').toLowerCase()
  const day = weekdays.find((each) => each === named) ?? 'mon'
  return { day, minutes: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) }
}
