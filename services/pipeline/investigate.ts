import { LRUCache } from 'lru-cache'
import { causeOf, resourceKey, type AlertContent, type Cause, type Finding, type ResourceRef } from '#model'
import { backoffMs, describeError, isRetryable, roomLogger, sleep, TriplineError } from '#runtime'
import type { EventHistory } from '#enrichment'
import type { Investigation, Records } from '#store'
import type { Parts } from './parts.ts'
import { isUntraced, traceCauses } from './trace.ts'

const log = roomLogger('pipeline')
const leaseMs = 60_000
/** Questions under way at once; an account's region is asked one at a time. */
const atOnce = 8
/** The record of a session's opening may come after those of its use. */
const againMs = [55_000, 540_000]
const mostAttempts = 5
/** Several findings of one resource ask for the same. */
const answersKept = 2_000
const answersKeptMs = 600_000

type Needs = Pick<Parts, 'store' | 'decode' | 'touches' | 'bells'> & { readonly history: EventHistory }
type Answers = LRUCache<string, Promise<readonly string[]>>

/**
 * Finds out afterwards what was not known when a finding was told: whose a session is, once its opening is heard of, and who last
 * changed what a scan found. Outside of the line: an alert never waits for it, and is edited when there is an answer.
 */
export async function runInvestigations(parts: Needs, options: { pollMs: number }, stop: AbortSignal): Promise<void> {
  const answers: Answers = new LRUCache({ max: answersKept, ttl: answersKeptMs })
  const busy = new Set<Promise<void>>()
  while (!stop.aborted) {
    let leased: readonly Investigation[] = []
    try {
      if (busy.size < atOnce) leased = await parts.store.investigations.lease(atOnce - busy.size, leaseMs)
    } catch (error) {
      log.error({ error: describeError(error) }, 'investigations cannot be leased')
    }
    for (const each of leased) {
      const done = investigate(parts, each, answers, stop).finally(() => busy.delete(done))
      busy.add(done)
    }
    if (leased.length === 0) await sleep(options.pollMs, stop)
    else if (busy.size > 0) await Promise.race(busy)
  }
  await Promise.all(busy)
}

async function investigate(parts: Needs, investigation: Investigation, answers: Answers, stop: AbortSignal): Promise<void> {
  const { store } = parts
  try {
    await (investigation.question === 'session'
      ? findSession(parts, investigation)
      : findOrigin(parts, investigation, answers, stop))
  } catch (error) {
    if (stop.aborted) {
      // Not given back it comes again when its lease is over.
      await store.investigations.release([investigation]).catch(() => undefined)
      return
    }
    const { finding, question, attempts } = investigation
    log.warn({ finding: finding.id, question, error: describeError(error) }, 'not found out')
    const asked: unknown = error instanceof TriplineError ? Reflect.get(error, 'retryAfterMs') : null
    const code = error instanceof TriplineError ? String(error.code) : 'unexpected'
    // Throttled is no answer: it is asked again until its time is over.
    const goOn = isRetryable(error) && (code === 'throttled' || attempts < mostAttempts)
    const settled = goOn
      ? store.investigations.again(investigation, typeof asked === 'number' ? asked : backoffMs(attempts, 1_000, 60_000))
      : store.investigations.settle(investigation, code)
    await settled.catch((cause: unknown) => log.error({ error: describeError(cause) }, 'an investigation stays leased'))
  }
}

/** Whose session it was: traced once more with what was heard since. */
async function findSession(parts: Needs, investigation: Investigation): Promise<void> {
  const { finding, attempts } = investigation
  const told = await parts.store.transaction(async (records) => {
    const causes = await traceCauses(records, finding.causes)
    const alert = await records.alerts.byFinding(finding.id)
    const ended = alert?.content.kind === 'finding' ? (alert.content.ended?.cause ?? null) : null
    const [endedBy = null] = ended === null ? [] : await traceCauses(records, [ended])
    const open = [...causes, ...(endedBy === null ? [] : [endedBy])].some(isUntraced)
    const waitMs = againMs[attempts]
    const mine =
      open && waitMs !== undefined
        ? await records.investigations.again(investigation, waitMs)
        : await records.investigations.settle(investigation, open ? 'nobody opened the session that we know of' : 'traced')
    const news = namesOf([...causes, endedBy]) !== namesOf([...finding.causes, ended])
    if (!mine || !news) return false
    return explain(records, finding, causes, endedBy)
  })
  if (told) parts.bells.deliver.ring()
}

/** Who last changed a resource that nobody was seen changing: the newest write in the account's own history that touches it. */
async function findOrigin(parts: Needs, investigation: Investigation, answers: Answers, stop: AbortSignal): Promise<void> {
  const { finding } = investigation
  const cause = finding.resource === null ? null : await lastWrite(parts, finding.resource, finding.openedAt, answers, stop)
  const told = await parts.store.transaction(async (records) => {
    const answer = cause === null ? 'no write in the history' : `${cause.source} ${cause.name} ${cause.eventId}`
    if (!(await records.investigations.settle(investigation, answer)) || cause === null) return false
    return explain(records, finding, await traceCauses(records, [cause]), null)
  })
  if (told) parts.bells.deliver.ring()
}

/** Events name resources by ARN or by the last part of it: the shorter name is asked for first. */
async function lastWrite(parts: Needs, ref: ResourceRef, before: Date, answers: Answers, stop: AbortSignal): Promise<Cause | null> {
  const trust = { accounts: [ref.accountId], regions: null, times: 'any' } as const
  for (const name of new Set([shortOf(ref.id), ref.id])) {
    const texts = await remembered(answers, `${resourceKey(ref)} ${name}`, () => parts.history.of(ref, name, stop))
    const writes = texts
      .flatMap((text) => parts.decode(text, trust).events)
      .map(({ event }) => event)
      .filter((event) => event.time <= before && parts.touches(event).some((touch) => isSame(touch.ref, ref)))
    const last = writes.reduce<(typeof writes)[number] | null>(
      (one, each) => (one === null || each.time > one.time ? each : one),
      null,
    )
    if (last !== null) return causeOf(last, last.time)
  }
  return null
}

function isSame(touched: ResourceRef, ref: ResourceRef): boolean {
  return touched.accountId === ref.accountId && touched.type === ref.type && shortOf(touched.id) === shortOf(ref.id)
}

function shortOf(id: string): string {
  return id.split(/[:/]/u).at(-1) || id
}

/** A failed answer is not kept. */
async function remembered(answers: Answers, key: string, ask: () => Promise<readonly string[]>): Promise<readonly string[]> {
  const known = answers.get(key)
  if (known !== undefined) return known
  const asked = ask()
  answers.set(key, asked)
  try {
    return await asked
  } catch (error) {
    answers.delete(key)
    throw error
  }
}

/** Writes who it was to the finding and to what was told of it. True when something was told. */
async function explain(records: Records, finding: Finding, causes: readonly Cause[], endedBy: Cause | null): Promise<boolean> {
  await records.findings.explain(finding.id, causes)
  const known = new Map([...causes, ...(endedBy === null ? [] : [endedBy])].map((cause) => [cause.eventId, cause]))
  const better = (cause: Cause | null): Cause | null => (cause === null ? null : (known.get(cause.eventId) ?? cause))
  const revise = (content: AlertContent): AlertContent => {
    if (content.kind !== 'finding') return content
    const cause = content.cause === null ? (causes.at(-1) ?? null) : better(content.cause)
    const ended = content.ended === null ? null : { ...content.ended, cause: better(content.ended.cause) }
    return { ...content, cause, ended, attention: cause?.actor.tool?.byHand === true ? (content.attention ?? []) : [] }
  }
  return (await records.alerts.revise(finding.id, revise, 0)) !== null
}

function namesOf(causes: readonly (Cause | null)[]): string {
  return JSON.stringify(causes.map((cause) => (cause === null ? null : [cause.actor.identity, cause.actor.name, cause.actor.via])))
}
