import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createGate } from '../../services/aws/gate.ts'

const go = new AbortController().signal

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('one account that fills its places leaves room for the others', async () => {
  const gate = createGate({ most: 3, mostOfOne: 2 })
  await gate.enter('a', 0, go)
  await gate.enter('a', 0, go)
  expect(await gate.enter('a', 0, go)).toBeNull()
  expect(await gate.enter('b', 0, go)).not.toBeNull()
  expect(await gate.enter('c', 0, go)).toBeNull()
})

test('a place that is given back goes to the first who may have it, and only once', async () => {
  const gate = createGate({ most: 2, mostOfOne: 1 })
  const leave = await gate.enter('a', 0, go)
  await gate.enter('b', 0, go)
  const order: string[] = []
  for (const who of ['b', 'c', 'd']) void gate.enter(who, 1_000, go).then((place) => order.push(place === null ? `no ${who}` : who))
  leave?.()
  leave?.()
  await vi.advanceTimersByTimeAsync(999)
  expect(order).toEqual(['c'])
  await vi.advanceTimersByTimeAsync(2)
  expect(order).toEqual(['c', 'no b', 'no d'])
})

test('one that is stopped waits no longer and takes no place', async () => {
  const gate = createGate({ most: 1, mostOfOne: 1 })
  const leave = await gate.enter('a', 0, go)
  const stop = new AbortController()
  const waiting = gate.enter('b', 1_000, stop.signal)
  stop.abort()
  expect(await waiting).toBeNull()
  leave?.()
  expect(await gate.enter('c', 0, go)).not.toBeNull()
})
