import { expect, test } from 'vitest'
import { dueDate } from '#pipeline'

const places = [
  ['UTC', '00:00'],
  ['Europe/Berlin', '02:30'],
  ['America/New_York', '01:30'],
  ['Asia/Kolkata', '23:30'],
  ['Australia/Lord_Howe', '02:00'],
  ['Pacific/Apia', '12:30'],
] as const
const stepMs = 30 * 60_000

test.each(places)(
  'over 730 days in %s, %s has exactly one run a local day, on its time or the first moment after it',
  (timeZone, time) => {
    const minutes = Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
    const local = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short', timeStyle: 'short', hourCycle: 'h23' })
    // The unique key in the database.
    const runs = new Map<string, string>()
    const begin = Date.UTC(2025, 0, 1)
    for (let now = begin; now < begin + 730 * 86_400_000; now += stepMs) {
      const date = dueDate(new Date(now), { minutes, timeZone })
      if (!runs.has(date)) runs.set(date, local.format(now))
    }
    const dates = [...runs.keys()]
    for (const [index, date] of dates.slice(1).entries()) expect(Date.parse(date) - Date.parse(dates[index] ?? '')).toBe(86_400_000)
    const times = [...runs].slice(1)
    expect(times.length).toBeGreaterThanOrEqual(729)
    expect(times.filter(([date, at]) => !at.startsWith(date))).toEqual([])
    // A time that the clock skips is made up for at once.
    expect(times.filter(([, at]) => !at.endsWith(time)).length).toBeLessThanOrEqual(2)
  },
)
