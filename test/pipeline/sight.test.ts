import { describe, expect, test } from 'vitest'
import { wholeActor, type Expectation, type JsonObject, type Witness } from '#model'
import { existenceOf, nextLookMs, sightOf } from '../../services/pipeline/sight.ts'

let events = 0

function expects(second: number, kind: Expectation['kind'], ...witnesses: readonly Witness[]): Expectation {
  events += 1
  const time = new Date(Date.UTC(2026, 10, 21, 12, 0, second)).toISOString()
  const actor = wholeActor({ kind: 'IAMUser', name: 'ann', arn: null, accountId: null, sourceAddress: null, userAgent: null })
  const cause = { eventId: `e-${events}`, source: 's3.amazonaws.com', name: 'PutBucketVersioning', time, actor, receivedAt: time }
  return { cause, kind, witnesses }
}
const versioning = (value: string): Witness => ({ kind: 'is', path: ['Versioning'], value })
const tag = (value: string | null): Witness => ({ kind: 'is', path: ['Tags', 'team'], value })
const bucket = (Versioning: string | null, team: string | null = null): JsonObject => ({
  Versioning,
  Tags: team === null ? null : { team },
})

describe('what a look has shown of what events said', () => {
  test('nothing expected is all seen', () => {
    expect(sightOf([], bucket(null), false)).toEqual({ all: true, some: true, left: [] })
  })

  test('an older state shows nothing of the event', () => {
    const put = expects(1, 'update', versioning('Enabled'))
    expect(sightOf([put], bucket('Suspended'), true)).toEqual({ all: false, some: false, left: [put] })
    expect(sightOf([put], bucket('Enabled'), true)).toMatchObject({ all: true, left: [] })
  })

  test('of two events on one value the later counts, in whatever order they came', () => {
    const [first, second] = [expects(1, 'update', versioning('Enabled')), expects(9, 'update', versioning('Suspended'))]
    for (const order of [
      [first, second],
      [second, first],
    ]) {
      expect(sightOf(order, bucket('Suspended'), true).all).toBe(true)
      expect(sightOf(order, bucket('Enabled'), true)).toMatchObject({ all: false, some: true, left: [second] })
    }
  })

  test('two events of one second may have happened in either order', () => {
    const both = [expects(1, 'create', { kind: 'present' }), expects(1, 'delete', { kind: 'gone' })]
    expect(sightOf(both, bucket(null), true).all).toBe(true)
    expect(sightOf(both, null, true).all).toBe(true)
  })

  test('events on different values are seen one by one', () => {
    const [flag, tags] = [expects(1, 'update', versioning('Enabled')), expects(2, 'update', tag('pay'))]
    expect(sightOf([flag, tags], bucket('Enabled'), true)).toEqual({ all: false, some: true, left: [tags] })
    expect(sightOf([flag, tags], bucket('Enabled', 'pay'), true).all).toBe(true)
  })

  test('a deleted resource that is still found is an older state', () => {
    expect(sightOf([expects(1, 'delete', { kind: 'gone' })], bucket(null), false)).toMatchObject({ all: false, some: false })
  })
})

test('a name that is deleted and made again exists', () => {
  const [gone, present] = [expects(1, 'delete', { kind: 'gone' }), expects(5, 'create', { kind: 'present' })]
  expect(existenceOf([present, gone])).toBe('present')
  expect(existenceOf([gone])).toBe('gone')
  expect(existenceOf([expects(5, 'create', { kind: 'present' }), expects(5, 'delete', { kind: 'gone' })])).toBe('present')
  expect(existenceOf([expects(1, 'update', versioning('Enabled'))])).toBe(null)
})

test('a state that never shows the event is read 18 times within a minute, an overtaken one 5 times within 6 s', () => {
  const waits = (short: boolean): readonly number[] => {
    const found: number[] = []
    for (let wait = nextLookMs(0, short); wait !== null; wait = nextLookMs(found.length, short)) found.push(wait)
    return found
  }
  const sum = (list: readonly number[]): number => list.reduce((total, each) => total + each, 0)
  expect(waits(false)).toHaveLength(17)
  expect(sum(waits(false))).toBe(57_500)
  expect(waits(true)).toEqual([300, 700, 1_500, 3_000])
})
