import { expect, test } from 'vitest'
import { createScore, percentiles, type Wanted } from '../../services/processes/demo/score.ts'

const bucket: Wanted = { channel: 'data', shows: ['policy S3.Public', 'exports'], state: 'new', sentAt: 1_000 }
const arrival = { channel: 'data', shown: 'the bucket exports\npolicy S3.Public', edits: 0, at: 1_200 }

test('an arrival pays the one debt that it fits', () => {
  const score = createScore()
  score.want(bucket)
  expect(score.arrived(arrival)).toBe(bucket)
  expect(score).toMatchObject({ missing: [], surplus: [], came: 1, wanted: 1 })
})

test('a second copy, another channel and another text are surplus', () => {
  const score = createScore()
  score.want(bucket)
  expect(score.arrived({ ...arrival, channel: 'payments' })).toBeNull()
  expect(score.arrived({ ...arrival, shown: 'policy S3.Public' })).toBeNull()
  score.arrived(arrival)
  expect(score.arrived(arrival)).toBeNull()
  expect(score.surplus).toHaveLength(3)
})

test('a message that turns to resolved pays only the debt of its end', () => {
  const score = createScore()
  score.want(bucket)
  score.want({ ...bucket, state: 'resolved' })
  expect(score.arrived({ ...arrival, edits: 1, shown: `✅ Resolved: ${arrival.shown}` })).toMatchObject({ state: 'resolved' })
  expect(score.missing).toEqual([bucket])
  expect(score.arrived({ ...arrival, edits: 2 })).toBeNull()
})

test('the head of a thread may count up on its way, and is owed whole', () => {
  const score = createScore()
  score.want({ channel: 'data', shows: ['12 findings'], state: 'thread', sentAt: 1_000 })
  const head = (count: number) => ({ ...arrival, edits: 1, shown: `${count} findings\neach finding is in the thread` })
  expect(score.arrived(head(2))).toBe('on the way')
  expect(score.missing).toHaveLength(1)
  expect(score.arrived({ ...head(12), channel: 'payments' })).toBeNull()
  expect(score.arrived(head(12))).toMatchObject({ state: 'thread' })
  expect(score).toMatchObject({ missing: [], came: 2 })
  expect(score.arrived(head(12))).toBeNull()
})

test('percentiles are of what was measured', () => {
  const latencies = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect(percentiles(latencies)).toEqual({ p50Ms: 50, p99Ms: 99, maxMs: 100 })
  expect(percentiles([])).toEqual({ p50Ms: 0, p99Ms: 0, maxMs: 0 })
})
