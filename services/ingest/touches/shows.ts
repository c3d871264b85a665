import { at, isObject, type AuditEvent, type Json, type Witness } from '#model'

// What an event says of the state after it, for the tables. Take only what the fetched attributes will show in these very words:
// a witness that never comes holds back the alert for a minute. Documents that AWS rewrites (policies) are left to "it changed".

type Shows = (event: AuditEvent) => readonly Witness[]

/** The event changes no attribute that is kept. */
export const nothing: Shows = () => [{ kind: 'nothing' }]

/** The attribute (dotted) is what the event's value (dotted path into the record) is, when it has one that is not a container. */
export function is(attribute: string, from: string, read: (value: Json) => Json | undefined = (value) => value): Shows {
  return (event) => {
    const given = at(event.record, ...from.split('.'))
    const value = given === undefined ? undefined : read(given)
    return value === undefined || typeof value === 'object' ? [] : [{ kind: 'is', path: attribute.split('.'), value }]
  }
}

/** The attribute (dotted) is this after the event, whatever the event holds; null for unset. */
export function becomes(attribute: string, value: Json): Shows {
  return () => [{ kind: 'is', path: attribute.split('.'), value }]
}

/** The list at the attribute (dotted) has, or lacks, the member that is read from the event. */
export function has(attribute: string, read: (event: AuditEvent) => readonly Json[]): Shows {
  return (event) => read(event).map((value) => ({ kind: 'has', path: attribute.split('.'), value }))
}
export function lacks(attribute: string, read: (event: AuditEvent) => readonly Json[]): Shows {
  return (event) => read(event).map((value) => ({ kind: 'lacks', path: attribute.split('.'), value }))
}

/** The tags that the event sets: a map, or a list of pairs in any of AWS's spellings, at a dotted path of the record. */
export function tagged(...from: readonly string[]): Shows {
  return (event) => from.flatMap((path) => pairs(at(event.record, ...path.split('.')))).map(([key, value]) => tag(key, value))
}

/** The tags that the event takes away: a list of keys, or of pairs, at a dotted path of the record. */
export function untagged(...from: readonly string[]): Shows {
  return (event) => from.flatMap((path) => keys(at(event.record, ...path.split('.')))).map((key) => tag(key, null))
}

/** All that several say. */
export function all(...shows: readonly Shows[]): Shows {
  return (event) => shows.flatMap((each) => each(event))
}

/**
 * For calls that change many things at once, of which only some show in the request's own words: what the shows say of these
 * parameters and, when the request has others besides, that the state is no longer the one before.
 */
export function knowing(parameters: readonly string[], ...shows: readonly Shows[]): Shows {
  return (event) => {
    const told = shows.flatMap((each) => each(event))
    const request = at(event.record, 'requestParameters')
    const more = isObject(request) && Object.keys(request).some((key) => !parameters.includes(key))
    return told.length > 0 && more ? [...told, { kind: 'change' }] : told
  }
}

function tag(key: string, value: string | null): Witness {
  return { kind: 'is', path: ['Tags', key], value }
}

function pairs(value: Json | undefined): readonly (readonly [string, string])[] {
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap((member) => pair(member))
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([key, each]) => (typeof each === 'string' ? [[key, each] as const] : []))
}

function pair(member: Json): readonly (readonly [string, string])[] {
  const text = (...names: readonly string[]): string | undefined => {
    for (const name of names) {
      const found = at(member, name)
      if (typeof found === 'string') return found
    }
    return undefined
  }
  const key = text('key', 'Key', 'tagKey', 'TagKey')
  return key === undefined ? [] : [[key, text('value', 'Value', 'tagValue', 'TagValue') ?? '']]
}

function keys(value: Json | undefined): readonly string[] {
  if (!Array.isArray(value)) return []
  return (value as readonly Json[]).flatMap((member) => (typeof member === 'string' ? [member] : pair(member).map(([key]) => key)))
}
