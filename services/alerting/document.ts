import { isObject, type Json, type JsonObject } from '#model'
import type { Outgoing } from './destination.ts'
import { plainText } from './plain-text.ts'
import { cut } from './text.ts'

/** An alert as JSON, for programs: what it says as data, and as text. Texts in `content` are as they came from outside. */
export function alertDocument(alert: Outgoing, mostBytes: number): string {
  const { deliveryId: delivery, alertId, findingId: finding, revision, content, to, uncertain } = alert
  const head = {
    version: 1,
    delivery,
    alert: alertId,
    finding,
    revision,
    possibleRepeat: uncertain,
    kind: content.kind,
    state: stateOf(alert),
    team: to.team,
    because: to.because,
    text: plainText(alert),
  }
  return fitting(mostBytes, (cutDown) => ({ ...head, content: cutDown(content as unknown as Json) }))
}

/** Where the alert is in its life, in one word. */
export function stateOf({
  content,
}: Outgoing): 'new' | 'repeated' | 'unconfirmed' | 'resolved' | 'superseded' | 'gone' | 'retired' {
  if (content.kind !== 'finding') return 'new'
  if (content.ended !== null) return content.ended.how === 'fixed' ? 'resolved' : content.ended.how
  return content.unconfirmed ? 'unconfirmed' : content.count > 1 ? 'repeated' : 'new'
}

/** The JSON text of a value, its outside parts cut down harder until it fits. */
export function fitting(mostBytes: number, build: (cutDown: (value: Json) => Json) => JsonObject): string {
  const sizes = [
    { letters: Infinity, members: Infinity },
    { letters: 2_000, members: 50 },
    { letters: 300, members: 10 },
    { letters: 100, members: 3 },
  ]
  let text = ''
  for (const { letters, members } of sizes) {
    text = JSON.stringify(build((value) => bounded(value, letters, members, 12)))
    if (Buffer.byteLength(text) <= mostBytes) break
  }
  return text
}

function bounded(value: Json, letters: number, members: number, depth: number): Json {
  if (typeof value === 'string') return cut(value.toWellFormed(), letters)
  if (Array.isArray(value)) {
    const kept = (value as readonly Json[]).slice(0, members)
    return depth === 0 ? [] : kept.map((each) => bounded(each, letters, members, depth - 1))
  }
  if (!isObject(value)) return value
  if (depth === 0) return {}
  // Our own objects have fewer keys than this; others are cut.
  const entries = Object.entries(value).slice(0, Math.max(members, 40))
  return Object.fromEntries(entries.map(([key, each]) => [cut(key, letters), bounded(each, letters, members, depth - 1)]))
}
