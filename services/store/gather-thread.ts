import { randomUUID } from 'node:crypto'
import { severities, type AlertContent, type FindingAlert } from '#model'
import { headEditMs } from './alerts.ts'
import { resourceDigestOf } from './join-resource.ts'
import { digest } from './values.ts'

/** Details that have a reply of their own; critical ones always have one. */
const mostReplies = 20
const tableEditMs = 5_000
const critical = severities.indexOf('CRITICAL')
/** Details come after everything that is new to the channel, the table after all details. */
const detail = severities.length
const last = -2 * severities.length

/** A delivery that nothing is decided about yet; its row is held. */
export interface Fresh {
  readonly id: string
  readonly alertId: string
  readonly destination: string
  readonly channel: string
  readonly rank: number
  readonly findingId: string | null
  readonly content: AlertContent
  /** Perhaps posted already, by one that gathers nothing: it stays by itself. */
  readonly tried: boolean
}
/** A row that tells or may tell, as it is now, with what is to become of it. */
export interface Row {
  readonly id: string
  readonly posted: boolean
  /** Lent, perhaps on its way. */
  readonly lent: boolean
  readonly wish: number
  rank: number
  /** The edit's wait, when something is to be said anew. */
  bump: number | null
}
export interface Group {
  readonly id: string
  readonly digest: string
  readonly head: Row & { readonly change: string }
  /** Who tells of a change, and whether something critical is in it; a change of a long thread stands in its table. */
  readonly changes: Map<string, { readonly teller: Row; critical: boolean }>
  rest: Row | null
  changeCount: number
  replies: number
}
export interface Writes {
  /** What becomes of given rows. */
  readonly places: {
    id: string
    part: string
    status: string
    threadId: string
    change: string
    resource: string | null
    toldBy: string | null
    joinedWish: number | null
    rank: number
  }[]
  /** Further rows for alerts that have one: the first finding's own reply, the table. */
  readonly extras: { id: string; like: string; part: string; status: string; threadId: string; change: string; rank: number }[]
  /** What the first message told beside its alert goes into its reply. */
  readonly moves: { from: string; to: string }[]
}

/** A thread whose head is a finding's own delivery: a message of its own as long as nothing else comes. */
export function beginThread(first: Fresh, key: string, { places }: Writes): Group {
  const { id, rank, content } = first
  const change = changeOf(content)
  const head = { id, posted: false, lent: false, wish: 1, rank, bump: null, change }
  const threadId = randomUUID()
  const resource = resourceDigestOf(first)
  places.push({ id, part: 'head', status: 'due', threadId, change, resource, toldBy: null, joinedWish: null, rank })
  const changes = new Map([[change, { teller: head, critical: rank === critical }]])
  return { id: threadId, digest: key, head, changes, rest: null, changeCount: 1, replies: 0 }
}

/** Puts a finding into a thread: into the message of its change if there is one, else in a reply or in the table. */
export function place(group: Group, fresh: Fresh, writes: Writes): void {
  const { head } = group
  const isCritical = fresh.rank === critical
  const change = changeOf(fresh.content)
  const same = group.changes.get(change)
  // What is critical is never only counted into a message that was less so when it was read.
  const told = same !== undefined && (same.teller.posted || same.teller.lent)
  if (same !== undefined && !(isCritical && !same.critical && (told || same.teller === group.rest))) {
    join(group, same.teller, fresh, change, writes)
    same.critical ||= isCritical
    return
  }
  const own = same === undefined ? change : digest(change, fresh.alertId)
  if (group.changeCount === 1) promote(group, writes)
  group.changeCount += 1
  say(head, fresh.rank, headEditMs)
  if (!isCritical && group.replies >= mostReplies) {
    group.rest ??= openTable(group, writes)
    join(group, group.rest, fresh, own, writes)
    group.changes.set(own, { teller: group.rest, critical: false })
    return
  }
  group.replies += 1
  const { id } = fresh
  const rank = isCritical ? critical : fresh.rank - detail
  const status = head.posted ? 'due' : 'held'
  const resource = resourceDigestOf(fresh)
  writes.places.push({ id, part: 'reply', status, threadId: group.id, change: own, resource, toldBy: null, joinedWish: null, rank })
  const teller: Row = { id, posted: false, lent: false, wish: 1, rank, bump: null }
  group.changes.set(own, { teller, critical: isCritical })
}

function join(group: Group, teller: Row, fresh: Fresh, change: string, writes: Writes): void {
  const { head } = group
  const { id, rank } = fresh
  // A message that is not out yet carries the weight of all that it tells.
  say(teller, teller === head || rank === critical ? rank : null, teller === group.rest ? tableEditMs : 0)
  if (teller !== head) say(head, rank, headEditMs)
  const joinedWish = teller.wish + 1
  const resource = resourceDigestOf(fresh)
  const place = { id, part: 'whole', status: 'joined', threadId: group.id, change, resource, toldBy: teller.id, joinedWish, rank }
  writes.places.push(place)
}

/** The first message becomes the parent of all: what it told gets a reply of its own, after what is news when it was told already. */
function promote(group: Group, writes: Writes): void {
  const { head, id: threadId } = group
  const isCritical = group.changes.get(head.change)?.critical === true
  const rank = isCritical ? critical : Math.min(head.rank, critical - 1) - detail
  const reply: Row = { id: randomUUID(), posted: false, lent: false, wish: 1, rank, bump: null }
  const status = head.posted ? 'due' : 'held'
  writes.extras.push({ id: reply.id, like: head.id, part: 'reply', status, threadId, change: head.change, rank })
  writes.moves.push({ from: head.id, to: reply.id })
  for (const each of writes.places) if (each.toldBy === head.id) Object.assign(each, { toldBy: reply.id, joinedWish: 1 })
  group.changes.set(head.change, { teller: reply, critical: isCritical })
  group.replies += 1
}

function openTable({ head, id: threadId }: Group, writes: Writes): Row {
  const row: Row = { id: randomUUID(), posted: false, lent: false, wish: 1, rank: last, bump: null }
  const status = head.posted ? 'due' : 'held'
  writes.extras.push({ id: row.id, like: head.id, part: 'rest', status, threadId, change: '', rank: last })
  return row
}

/** Wishes that a row's message be said anew, after a wait. */
function say(row: Row, rank: number | null, delayMs: number): void {
  if (rank !== null) row.rank = Math.max(row.rank, rank)
  row.bump = row.bump === null ? delayMs : Math.min(row.bump, delayMs)
}

/** One event's change of one resource. */
export function changeOf(content: AlertContent): string {
  const { place, cause } = content as FindingAlert
  return digest(place.accountId, place.region, place.resourceType, place.resourceId, cause?.eventId ?? null)
}
