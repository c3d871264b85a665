import type { JsonObject } from '#model'
import type { Session } from '#aws'
import type { Fetcher } from '../fetcher.ts'

/** A fetcher of what an account has once and always, by the id `{accountId}::{type}`; AWS has no name for it. */
export function accountWide(
  type: string,
  shape: { parse(attributes: unknown): JsonObject },
  read: (session: Session) => Promise<object>,
): Fetcher {
  const idOf = ({ accountId }: Session): string => `${accountId}::${type}`
  return {
    type,
    shape: 1,
    scope: 'global',
    async *list(session) {
      yield { ids: [idOf(session)], next: null }
    },
    async fetch(session, ref) {
      const id = idOf(session)
      if (ref.id !== id) return { status: 'gone' }
      const found = await read(session)
      const general = { AccountId: session.accountId, Region: 'global', ResourceId: id, ResourceType: type, Name: type }
      return { status: 'present', attributes: shape.parse({ ...found, ...general }) }
    },
  }
}
