import { expect, test } from 'vitest'
import type { GapCause } from '#store'
import { listen, type Listened } from '../../services/pipeline/silence.ts'

// A clock of our own: minutes after noon. Heartbeats are due every 15.

const at = (minutes: number): Date => new Date(Date.UTC(2026, 10, 21, 12, 0, minutes * 60))
const minutes = (time: Date | null): number | null => (time === null ? null : (time.getTime() - at(0).getTime()) / 60_000)
const everyMs = 15 * 60_000

interface Heard {
  readonly heardAt?: number
  readonly beatAt?: number
  readonly beats?: readonly number[]
  readonly events?: readonly number[]
  readonly open?: readonly { readonly id: string; readonly cause: GapCause; readonly from: number }[]
  readonly now: number
}
function look({ heardAt, beatAt, beats = [], events = [], open = [], now }: Heard): Listened {
  const signs = [...beats.map((each) => ({ at: at(each), beat: true })), ...events.map((each) => ({ at: at(each), beat: false }))]
  const before = { heardAt: heardAt === undefined ? null : at(heardAt), beatAt: beatAt === undefined ? null : at(beatAt) }
  const sorted = signs.toSorted((one, other) => one.at.getTime() - other.at.getTime())
  return listen(
    { ...before, signs: sorted },
    open.map((gap) => ({ ...gap, from: at(gap.from) })),
    { everyMs, now: at(now) },
  )
}
const silencesOf = (heard: Heard) => look(heard).silences.map(({ from, until }) => [minutes(from), minutes(until)])

test('a region is silent at its second missing heartbeat and not before', () => {
  expect(silencesOf({ beats: [0], now: 16 })).toEqual([])
  expect(silencesOf({ beats: [0], now: 31 })).toEqual([])
  // Two minutes of patience.
  expect(silencesOf({ beats: [0], now: 32 })).toEqual([[0, null]])
  expect(silencesOf({ heardAt: 0, beatAt: 0, now: 32 })).toEqual([[0, null]])
})

test('any event is a sign of life: the heartbeats before it are not missed, those after it are', () => {
  expect(silencesOf({ beats: [0], events: [7], now: 31 })).toEqual([])
  expect(silencesOf({ beats: [0], events: [7], now: 32 })).toEqual([[7, null]])
  expect(silencesOf({ beats: [0], events: [29], now: 46 })).toEqual([])
  expect(silencesOf({ beats: [0], events: [29], now: 47 })).toEqual([[29, null]])
  expect(silencesOf({ beats: [0], events: [15, 31, 44, 50, 63, 75], now: 91 })).toEqual([])
})

test('where no heartbeat ever came, silence says nothing', () => {
  expect(silencesOf({ events: [0, 3], now: 10_000 })).toEqual([])
  expect(silencesOf({ now: 10_000 })).toEqual([])
})

test('a silence that is over when it is looked at has its end: what waited in a queue speaks for its own time', () => {
  expect(silencesOf({ heardAt: 0, beatAt: 0, beats: [15, 30, 90, 105], now: 106 })).toEqual([[30, 90]])
  expect(silencesOf({ heardAt: 0, beatAt: 0, beats: [15, 30, 45, 60], now: 61 })).toEqual([])
  // One heartbeat that was lost is none.
  expect(silencesOf({ heardAt: 0, beatAt: 0, beats: [15, 45, 60], now: 61 })).toEqual([])
})

test('an open silence ends with the first sign after its beginning, and is not opened twice', () => {
  const open = [{ id: 'gap', cause: 'silent', from: 0 }] as const
  expect(look({ heardAt: 0, beatAt: 0, open, now: 200 })).toMatchObject({ silences: [], ended: [] })
  expect(look({ heardAt: 0, beatAt: 0, events: [100], open, now: 101 })).toMatchObject({
    silences: [],
    ended: [{ id: 'gap', until: at(100) }],
    heardAt: at(100),
    beatAt: at(0),
  })
  // It falls silent again.
  expect(silencesOf({ heardAt: 0, beatAt: 0, beats: [100], open, now: 133 })).toEqual([[100, null]])
})

test('what is older than the last sign changes nothing', () => {
  expect(look({ heardAt: 30, beatAt: 30, beats: [15], events: [20], now: 31 })).toMatchObject({
    heardAt: at(30),
    beatAt: at(30),
    silences: [],
    ended: [],
  })
})

test('a trail that was stopped is not shown to record by heartbeats, nor by events that were under way', () => {
  const open = [{ id: 'gap', cause: 'logging-stopped', from: 10 }] as const
  expect(look({ heardAt: 0, beatAt: 0, beats: [15, 30], events: [11], open, now: 31 }).ended).toEqual([])
  expect(look({ heardAt: 0, beatAt: 0, beats: [15, 30], events: [13], open, now: 31 }).ended).toEqual([
    { id: 'gap', until: at(13) },
  ])
})

test('signs of a time that is yet to come are waited for', () => {
  expect(look({ beats: [0, 600], now: 1 })).toMatchObject({ heardAt: at(0), beatAt: at(0) })
  expect(silencesOf({ beats: [0, 600], now: 32 })).toEqual([[0, null]])
})
