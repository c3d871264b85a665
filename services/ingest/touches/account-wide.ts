import type { AuditEvent, ResourceRef } from '#model'
import type { Named } from './table.ts'

/** What an account has once: touched wherever an event names what `base` does, in any region. Without a base any text will do. */
export function accountWide(type: string, base?: Named): Named {
  return {
    type,
    ref(event: AuditEvent, text: string): ResourceRef | null {
      if (base !== undefined && base.ref(event, text) === null) return null
      const { accountId } = event
      return { accountId, region: 'global', type, id: `${accountId}::${type}` }
    },
  }
}

/** What a region of an account has once, whatever the text. */
export function regionWide(type: string): Named {
  return {
    type,
    ref: ({ accountId, region }: AuditEvent) => ({ accountId, region, type, id: `${accountId}:${region}:${type}` }),
  }
}
