import type { AuditEvent } from '#model'
import { hasLike } from './index-rules.ts'
import type { PythonMiss } from './protocol.ts'

/** Who is asked about an event, and what of it Python is given: most rules look at a few fields, and the rest stays here until one asks. */
export interface Plans {
  /** JSON text of an event for Python; null asks for all of it. */
  textOf(tag: number, one: Given): string
  /** After each crossing, what rules looked for and were not given: what they often look for they are given from then on. */
  learn(missed: readonly PythonMiss[]): void
}

/** An event, who is asked about it, and whether all of it is given at once. */
export interface Given {
  readonly numbers: readonly number[]
  readonly event: AuditEvent
  readonly whole: boolean
  /** Makes JSON text of all of it. */
  readonly write: (record: AuditEvent['record']) => string
}

interface Plan {
  readonly number: number
  /** With their texts; null: all. */
  readonly fields: readonly Field[] | null
}
interface Field {
  readonly name: string
  readonly small: string
  readonly key: string
}
/** What is known of a rule. */
interface Habit {
  fields: readonly string[] | null
  given: number
  readonly missed: Map<string | null, number>
}

const mostFields = 16
const mostPlans = 1_000
const mostMissed = 64
/** A field is given when so many calls of a rule, and one in so many, looked for it. */
const [fewestMisses, oneIn] = [4, 4]

/** `tell` hands Python plans: number, rules, log type and names of fields, null for all. */
export function createPlans(tell: (text: string) => void): Plans {
  const plans = new Map<string, Plan>()
  const habits = new Map<number, Habit>()
  const habitOf = (rule: number): Habit => {
    const known = habits.get(rule)
    if (known !== undefined) return known
    const habit = { fields: [], given: 0, missed: new Map<string | null, number>() }
    habits.set(rule, habit)
    return habit
  }
  const planOf = (numbers: readonly number[], logType: string, whole: boolean): Plan => {
    const key = `${whole ? 1 : 0}|${numbers.join()}|${logType}`
    const known = plans.get(key)
    if (known !== undefined) return known
    const all = numbers.map((rule) => habitOf(rule).fields)
    const names = whole || all.includes(null) ? null : [...new Set(all.flatMap((fields) => fields ?? []))]
    const plan = {
      number: plans.size,
      fields: names && names.map((name) => ({ name, small: name.toLowerCase(), key: `${JSON.stringify(name)}:` })),
    }
    plans.set(key, plan)
    tell(JSON.stringify([[plan.number, numbers, logType, names]]))
    return plan
  }

  return {
    textOf(tag, { numbers, event: { logType, record }, whole, write }) {
      const plan = planOf(numbers, logType, whole)
      for (const rule of numbers) habitOf(rule).given += 1
      const { fields } = plan
      const text = fields === null ? write(record) : fieldsText(record, fields)
      if (text !== null) return `[${tag},${plan.number},${text}]`
      return `[${tag},${planOf(numbers, logType, true).number},${JSON.stringify(record)}]`
    },
    learn(missed) {
      let changed = false
      for (const [rule, field, times] of missed) {
        const habit = habitOf(rule)
        if (habit.fields === null) continue
        const count = (habit.missed.get(field) ?? 0) + times
        if (habit.missed.size >= mostMissed) habit.missed.clear()
        habit.missed.set(field, count)
        if (count < fewestMisses || count * oneIn < habit.given) continue
        const isKnown = field !== null && !habit.fields.includes(field) && habit.fields.length < mostFields && isName.test(field)
        habit.fields = isKnown ? [...habit.fields, field] : null
        habit.given = 0
        habit.missed.clear()
        changed = true
      }
      // Numbers are given anew, now that no event with one is on its way.
      if (changed || plans.size >= mostPlans) plans.clear()
    },
  }
}

/** Letters of other alphabets are not the same in small ones. */
const isName = /^[\w.:@-]{1,99}$/u

/** Some fields of a record as JSON text; null where it may have one in other letters, which a rule would find too. */
function fieldsText(record: AuditEvent['record'], fields: readonly Field[]): string | null {
  let text = ''
  for (const field of fields) {
    if (!Object.hasOwn(record, field.name)) {
      if (hasLike(record, field)) return null
      continue
    }
    const value = JSON.stringify(record[field.name]) as string | undefined
    if (value !== undefined) text += text === '' ? `${field.key}${value}` : `,${field.key}${value}`
  }
  return `{${text}}`
}
