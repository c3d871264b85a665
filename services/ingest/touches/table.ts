import { isObject, textAt, type AuditEvent, type Json, type ResourceRef, type Witness } from '#model'

export type TouchKind = 'create' | 'update' | 'delete'

/** How one resource type is named in events. */
export interface Named {
  readonly type: string
  /** The reference that a text of an event means: an id, a name or an ARN. Null when it means something else. */
  ref(event: AuditEvent, text: string): ResourceRef | null
}

/** What one event does to resources of one type. */
export interface Effect {
  readonly kind: TouchKind
  readonly named: Named
  /**
   * Where the record names them, tried in order until one leads to a reference. Dotted; `[]` goes into each member of a list (or
   * into the one value that stands in its place); `@caller` is the user who called.
   */
  readonly from: readonly string[]
  /**
   * What a fetched state shows once it is as new as the event; see `shows.ts`. Left out, or when it finds nothing in the event: that
   * the resource is there after a create, gone after a delete, different after an update.
   */
  readonly shows?: (event: AuditEvent) => readonly Witness[]
}

/** An effect, with what the state shows after it where the event tells. */
export function effect(kind: TouchKind, named: Named, from: readonly string[], shows?: Effect['shows']): Effect {
  return { kind, named, from, ...(shows === undefined ? {} : { shows }) }
}

/** What a state must show to be as new as the event. */
export function witnessesOf(effect: Effect, event: AuditEvent): readonly Witness[] {
  const told = effect.shows?.(event) ?? []
  if (effect.kind === 'delete') return [{ kind: 'gone' }]
  if (effect.kind === 'create') return [{ kind: 'present' }, ...told]
  return told.length > 0 ? told : [{ kind: 'change' }]
}

/** The events of one service that touch resources, by event name. To add one, copy a line. */
export interface ServiceTable {
  readonly source: string
  readonly events: Readonly<Record<string, readonly Effect[]>>
}

/** Gives every name in the list the same effects. */
export function each(names: readonly string[], ...effects: readonly Effect[]): Readonly<Record<string, readonly Effect[]>> {
  return Object.fromEntries(names.map((name) => [name, effects]))
}

/** The references that an effect's paths lead to in an event. */
export function refsOf(effect: Effect, event: AuditEvent): readonly ResourceRef[] {
  for (const path of effect.from) {
    const texts = path === '@caller' ? callerOf(event) : textsAt(event.record, path.split('.'), 0)
    const refs = texts.flatMap((text) => effect.named.ref(event, text) ?? [])
    if (refs.length > 0) return refs
  }
  return []
}

/** IAM calls without a user name mean the caller, when that is a user. */
function callerOf(event: AuditEvent): readonly string[] {
  const caller = event.record['userIdentity']
  if (textAt(caller, 'type') !== 'IAMUser') return []
  const name = textAt(caller, 'userName')
  return name === null ? [] : [name]
}

function textsAt(value: Json | undefined, path: readonly string[], depth: number): readonly string[] {
  const step = path[depth]
  if (step === undefined) return typeof value === 'string' && value !== '' ? [value] : []
  if (!isObject(value)) return []
  const key = step.endsWith('[]') ? step.slice(0, -2) : step
  const next = Object.hasOwn(value, key) ? value[key] : undefined
  if (!Array.isArray(next)) return textsAt(next, path, depth + 1)
  return key === step ? [] : (next as readonly Json[]).flatMap((member) => textsAt(member, path, depth + 1))
}

/** The parts of an ARN, or null when the text is none. */
export function readArn(text: string): { service: string; region: string; accountId: string; resource: string } | null {
  const [scheme, partition, service, region, accountId, ...resource] = text.split(':')
  if (scheme !== 'arn' || !partition || !service || region === undefined || accountId === undefined) return null
  return { service, region, accountId, resource: resource.join(':') }
}
