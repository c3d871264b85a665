import { pantherFields, type AuditEvent } from '#model'

/** The events of a batch, for what a rule asks for first. */
export interface Added {
  /** The events have these tags, one after the other. */
  readonly begin: (firstTag: number, events: readonly { readonly event: AuditEvent }[]) => void
  /** What an event gets besides its own fields, as JSON text. */
  readonly of: (tag: number) => string
  /** An event's own fields, as JSON text. */
  readonly whole: (tag: number) => string
}

export function createAdded(): Added {
  let first = 0
  let batch: readonly { readonly event: AuditEvent }[] = []
  const textOf = (tag: number, partOf: (event: AuditEvent) => object): string => {
    const event = batch[tag - first]?.event
    return event === undefined ? '{}' : JSON.stringify(partOf(event))
  }
  return {
    begin(firstTag, events) {
      ;[first, batch] = [firstTag, events]
    },
    of: (tag) => textOf(tag, pantherFields),
    whole: (tag) => textOf(tag, ({ record }) => record),
  }
}
