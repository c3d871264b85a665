import { describe, expect, test } from 'vitest'
import type { JsonObject } from '#model'
import { readEvent } from '../../../services/ingest/read-event.ts'
import { createPlans } from '../../../services/detection/python/plans.ts'
import { aBody, trust } from '../world.ts'

function anEvent(own: JsonObject) {
  const event = readEvent(JSON.parse(aBody(own)) as JsonObject, null, trust, Date.now())
  if ('detail' in event) throw new Error(event.detail)
  return event
}

/** Plans, and what they have Python given of an event for rule 3. */
function aWorld() {
  const told = new Map<number, readonly [rules: readonly number[], logType: string, fields: readonly string[] | null]>()
  const plans = createPlans((text) => {
    for (const [number, ...plan] of JSON.parse(text) as readonly [number, readonly number[], string, readonly string[] | null][])
      told.set(number, plan)
  })
  const give = (own: JsonObject, whole = false, rules: readonly number[] = [3]) => {
    const [, plan, record] = JSON.parse(plans.textOf(7, { numbers: rules, event: anEvent(own), whole, write: JSON.stringify })) as [
      number,
      number,
      JsonObject,
    ]
    return { record, fields: told.get(plan)?.[2] }
  }
  return { plans, give }
}

describe('what Python is given of an event', () => {
  test('is nothing at first, and then what its rules often look for', () => {
    const { plans, give } = aWorld()
    expect(give({ eventName: 'A' })).toEqual({ record: {}, fields: [] })
    for (let times = 0; times < 4; times += 1) give({})
    plans.learn([[3, 'userIdentity', 4]])
    plans.learn([[3, 'errorCode', 1]])
    expect(give({ userIdentity: { type: 'Root' } })).toEqual({
      record: { userIdentity: { type: 'Root' } },
      fields: ['userIdentity'],
    })
    plans.learn([[3, 'errorCode', 3]])
    const { record, fields } = give({})
    expect(fields).toEqual(['userIdentity', 'errorCode'])
    // It is not there, in whatever letters.
    expect(Object.keys(record)).toEqual(['userIdentity'])
  })

  test('is all of it where a field may stand there in other letters, for a large event, and for a rule that looks at all', () => {
    const { plans, give } = aWorld()
    plans.learn([[3, 'errorCode', 4]])
    expect(give({ ERRORCODE: 'A' })).toMatchObject({ record: { ERRORCODE: 'A', userIdentity: {} }, fields: null })
    expect(give({ errorCode: 'A' }, true)).toMatchObject({ record: { errorCode: 'A', userIdentity: {} }, fields: null })
    expect(give({ errorCode: 'A' })).toEqual({ record: { errorCode: 'A' }, fields: ['errorCode'] })
    plans.learn([[4, null, 4]])
    expect(give({}, false, [3, 4]).fields).toBeNull()
    expect(give({}).fields).toEqual(['errorCode'])
  })

  test('is not what rules seldom look for', () => {
    const { plans, give } = aWorld()
    for (let times = 0; times < 100; times += 1) give({})
    plans.learn([[3, 'errorCode', 20]])
    plans.learn([[3, null, 4]])
    expect(give({}).fields).toEqual([])
  })

  test('is all of it for a rule that looks for ever other fields, or for one with odd letters', () => {
    const { plans, give } = aWorld()
    for (let number = 0; number < 16; number += 1) plans.learn([[3, `field${number}`, 4]])
    expect(give({}).fields).toHaveLength(16)
    plans.learn([[3, 'one more', 4]])
    expect(give({}).fields).toBeNull()
    plans.learn([[5, '\u212Aey', 4]])
    expect(give({}, false, [5]).fields).toBeNull()
  })
})
