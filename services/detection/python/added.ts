import { pantherFields, type AuditEvent } from '#model'

/** The events of a batch, for what a rule asks for first. */
export interface Added {
  readonly begin: () => void
  readonly put: (tag: number, event: AuditEvent) => void
  /** What an event gets besides its own fields, as JSON text. */
  readonly of: (tag: number) => string
  /** An event's own fields, as JSON text. */
  readonly whole: (tag: number) => string
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
    whole: (tag) => JSON.stringify(events.get(tag)?.record ?? {}),
  }
}
