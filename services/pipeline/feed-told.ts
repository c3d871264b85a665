import type { AuditEvent, OperatorNote } from '#model'
import type { Gap } from '#store'
import { feedChangeOf, type Feed } from './feed.ts'
import { openGap } from './gap-scan.ts'
import type { Parts } from './parts.ts'
import type { WatchedAccount } from './scan.ts'

export type FeedParts = Pick<Parts, 'store' | 'inventory' | 'tell' | 'places' | 'bells'> & {
  readonly accounts: readonly WatchedAccount[]
  readonly feed: Feed
  /** The name of the rules that send heartbeats. */
  readonly rule: string
}

/** Tells the operators at once of events that changed the feed, each once; where something stopped, a gap begins. */
export async function tellFeedChanges(parts: FeedParts, events: readonly AuditEvent[]): Promise<void> {
  for (const event of events) {
    const change = feedChangeOf(event, parts.feed, parts.rule)
    if (change === null) continue
    const { accountName } = parts.places.of(event, null)
    const { stops, subject, means } = change
    const where = `${accountName} (${event.accountId}) ${event.region}`
    const by = event.actor.name
    const detail = `${event.name} on ${subject} by ${by}`
    const content: OperatorNote = {
      kind: 'note',
      severity: 'CRITICAL',
      title: `The feed was changed: ${event.name} on ${subject} in ${where}`,
      text: [
        `By ${by} at ${event.time.toISOString()}, event ${event.id}. ${means}`,
        stops === null
          ? 'If nobody planned this, put it back and see what came since: `tripline scan`.'
          : 'From now on events may be missing: a gap is open, everything there is scanned, and its event history is read. `tripline gaps` shows it.',
      ].join('\n'),
    }
    await parts.store.transaction(async (records) => {
      const key = `note:feed:${event.accountId}:${event.region}:${event.id}`
      const told = await records.alerts.create({ findingId: null, key, content, to: parts.tell.route(content) })
      if (told === null || stops === null) return
      for (const region of regionsOf(parts, event, stops)) {
        await openGap(parts, records, { accountId: event.accountId, region, cause: stops, detail, from: event.time, until: null })
      }
    })
    parts.bells.deliver.ring()
    parts.bells.scan.ring()
  }
}

/** A rule hands on the events of its region. A trail mostly records all: a region that another trail records ends its gap with its next event. */
function regionsOf({ accounts }: FeedParts, event: AuditEvent, stops: Gap['cause']): readonly string[] {
  const watched = accounts.find(({ id }) => id === event.accountId)?.regions ?? []
  return stops === 'logging-stopped' ? watched : watched.filter((region) => region === event.region)
}
