import { pantherFields, type AuditEvent } from '#model'

/** What events get besides their own fields, made when a rule first asks for it. */
export interface Added {
  readonly begin: () => void
  readonly put: (tag: number, event: AuditEvent) => void
  /** JSON text. */
  readonly of: (tag: number) => string
}

export function createAdded(): Added {
  const events = new Map<number, AuditEvent>()
  return {
    begin: () => events.clear(),
    put: (tag, event) => events.set(tag, event),
    of(tag) {
      const event = events.get(tag)
      return event === undefined ? '{}' : JSON.stringify(pantherFields(event))
    },
  }
}
