import type { AlertContent, OperatorNote, RoutedTo, Severity } from '#model'
import { backoffMs, roomLogger, sleep, type Bell } from '#runtime'
import type { LeasedDelivery, Store } from '#store'
import type { Destination } from './destination.ts'
import { AlertingError, mostWaitMs } from './error.ts'
import type { Router } from './route.ts'
import { isSame, type Target } from './target.ts'

const log = roomLogger('alerting')

export type DeliveryOutcome = 'posted' | 'edited' | 'diverted' | 'retried'

export interface SenderOptions {
  readonly store: Pick<Store, 'deliveries' | 'transaction'>
  readonly destinations: readonly Destination[]
  /** Takes what another place does not. */
  readonly fallback: Target
  readonly route: Router
  /** Hears of each try that came to something. */
  readonly onDelivered?: (content: AlertContent, outcome: DeliveryOutcome) => void
  /** After how many ms an open finding of a severity is told again, and again after as many; none by default. */
  readonly reminders?: Readonly<Partial<Record<Severity, number>>>
  readonly concurrency?: number
  /** In case a ring is lost, and for what becomes due by time. */
  readonly pollMs?: number
}
export interface Sender {
  /** Delivers until stopped; then what is being sent is finished, what is not is given back, within the drain time. */
  run(bell: Bell, stop: AbortSignal): Promise<void>
}

/** Renewed while a delivery waits and is sent, so that only a crash ends a lease, and soon. */
const leaseMs = 10_000
const renewMs = 3_000
/** For one try, with its wait for the channel's turn. */
const tryMs = 12_000
const drainMs = 8_000
const mostRefusals = 5
const reminderPollMs = 60_000
/** A destination is called down when one alert failed so often, and nothing was taken for so long. */
const downAttempts = 6
const downMs = 30_000
/** So many answers in words that we do not know, and the channel is left. */
const mostUnexplained = 6
/** When each channel of a destination last took something from this process. */
const lastTaken = new WeakMap<Destination, Map<string, number>>()

/**
 * Delivery, the third durable step. The outbox decides what is due; a delivery is noted before it is sent and settled after, so that
 * every way to die in between is known to be uncertain. Channels go side by side, the messages of one channel one after another.
 */
export function createSender(options: SenderOptions): Sender {
  const { concurrency = 32, pollMs = 500 } = options
  return {
    async run(bell, stop) {
      const channels = new Map<string, Promise<void>>()
      const threaded = options.destinations.filter(({ threads }) => threads).map(({ name }) => name)
      const turns = createTurns()
      const reminding = remind(options, threaded, bell, stop)
      const drained = new AbortController()
      let failures = 0
      while (!stop.aborted) {
        const free = concurrency - channels.size
        let leased: readonly LeasedDelivery[] = []
        try {
          leased = free > 0 ? await options.store.deliveries.lease(free, leaseMs, threaded) : []
          failures = 0
        } catch (error) {
          failures += 1
          log.error({ error: wordsOf(error) }, 'deliveries cannot be leased')
        }
        for (const delivery of leased) start(options, channels, turns, delivery, drained.signal, bell, stop)
        if (leased.length > 0) continue
        await bell.wait(failures > 0 ? backoffMs(failures, 1_000, 30_000) : Math.min(pollMs, turns.nextMs()), stop)
      }
      const timer = setTimeout(() => drained.abort(), drainMs)
      await Promise.all([...channels.values(), reminding])
      clearTimeout(timer)
    },
  }
}

/** When this process's channels may be posted to again, so that it leases then and not at its next poll. */
interface Turns {
  add(ms: number): void
  /** Until the next; endless when there is none. */
  nextMs(): number
}

function createTurns(): Turns {
  let times: readonly number[] = []
  return {
    add(ms) {
      times = [...times, performance.now() + ms]
    },
    nextMs() {
      const time = performance.now()
      times = times.filter((each) => each > time)
      // A little later than its own clock says: the gate is the database's.
      return Math.min(...times) - time + 5
    },
  }
}

/** Tells again what is open for too long. */
async function remind(options: SenderOptions, threaded: readonly string[], bell: Bell, stop: AbortSignal): Promise<void> {
  const { store, reminders = {} } = options
  if (Object.keys(reminders).length === 0) return
  while (!stop.aborted) {
    try {
      if ((await store.deliveries.remind(reminders, threaded)) > 0) bell.ring()
    } catch (error) {
      log.error({ error: wordsOf(error) }, 'reminders cannot be counted')
    }
    await sleep(reminderPollMs, stop)
  }
}

/** Puts a delivery behind the one its channel is busy with. */
function start(
  options: SenderOptions,
  channels: Map<string, Promise<void>>,
  turns: Turns,
  delivery: LeasedDelivery,
  drained: AbortSignal,
  bell: Bell,
  stop: AbortSignal,
): void {
  const key = `${delivery.to.destination} ${delivery.to.channel}`
  const lease = keepLease(options, delivery)
  const before = channels.get(key)
  const turn = async (): Promise<void> => {
    await before
    try {
      if (stop.aborted || lease.late()) await options.store.deliveries.release([delivery])
      else await deliver(options, turns, delivery, AbortSignal.any([drained, lease.lost, AbortSignal.timeout(tryMs)]))
    } catch (error) {
      log.error({ delivery: delivery.id, error: wordsOf(error) }, 'delivery stays leased until its time runs out')
    } finally {
      lease.end()
    }
  }
  const done = turn().finally(() => {
    if (channels.get(key) === done) channels.delete(key)
    bell.ring()
  })
  channels.set(key, done)
}

/** A lease that lasts for as long as we are heard of. */
interface KeptLease {
  /** Raised before it may be another's: nothing more is sent. */
  readonly lost: AbortSignal
  late(): boolean
  end(): void
}

function keepLease({ store }: SenderOptions, delivery: LeasedDelivery): KeptLease {
  const lost = new AbortController()
  let renewedAt = performance.now()
  const late = (): boolean => performance.now() - renewedAt > leaseMs - renewMs
  const renew = async (): Promise<void> => {
    const askedAt = performance.now()
    if (await store.deliveries.renew(delivery, leaseMs)) renewedAt = askedAt
    else lost.abort()
  }
  const timer = setInterval(() => {
    if (late()) lost.abort()
    else
      void renew().catch((error: unknown) => log.warn({ delivery: delivery.id, error: wordsOf(error) }, 'lease cannot be renewed'))
  }, renewMs)
  return { lost: lost.signal, late, end: () => clearInterval(timer) }
}

async function deliver(options: SenderOptions, turns: Turns, delivery: LeasedDelivery, signal: AbortSignal): Promise<void> {
  const { deliveries } = options.store
  const { content, message, uncertain, createdAt, sentAt, together, flapping, to } = delivery
  const destination = options.destinations.find(({ name }) => name === to.destination)
  try {
    if (destination === undefined) throw new AlertingError('refused', `there is no destination named ${to.destination}`)
    const { id: deliveryId, alertId, findingId, revision, in: reply } = delivery
    const about = { deliveryId, alertId, findingId, revision, to, content, uncertain, createdAt, sentAt }
    const outgoing = { ...about, together, flapping, in: reply }
    // False: the lease was lost, somebody else has it now.
    if (message === null && !(await deliveries.sending(delivery, destination.gapMs))) return
    if (message === null) turns.add(destination.gapMs)
    const identity = await (message === null
      ? destination.post(to.channel, outgoing, signal)
      : destination.edit(message, outgoing, signal))
    lastTaken.set(destination, (lastTaken.get(destination) ?? new Map<string, number>()).set(to.channel, performance.now()))
    await deliveries.sent(delivery, identity, message === null && identity['astray'] === true)
    options.onDelivered?.(content, message === null ? 'posted' : 'edited')
  } catch (error) {
    if (!(error instanceof AlertingError)) throw error
    await settleFailure(options, turns, delivery, error)
  }
}

async function settleFailure(options: SenderOptions, turns: Turns, delivery: LeasedDelivery, error: AlertingError): Promise<void> {
  const { deliveries } = options.store
  const { id, content, attempts, to } = delivery
  const facts = {
    delivery: id,
    destination: to.destination,
    channel: to.channel,
    code: error.code,
    attempts,
    reason: error.message,
  }
  if (error.code === 'message-gone') {
    // Somebody deleted it: they know. What ended or repeats needs no new message; what nobody has read yet begins anew.
    log.info(facts, 'message is gone')
    await deliveries.lost(delivery, error.message)
    return
  }
  if (leavesChannel(error, options, delivery)) {
    log.warn(facts, 'channel does not take the alert, the fallback gets it')
    await divert(options, delivery, error)
    options.onDelivered?.(content, 'diverted')
    return
  }
  if (error.code === 'rate-limited') log.debug(facts, 'channel must wait')
  else log.warn(facts, 'delivery failed, trying again')
  if (error.code === 'token-refused' || isDown(options, delivery, error)) await noteDown(options, to, error)
  if (error.asksTooLong) await noteLongWait(options, delivery, error)
  if (error.closes !== null && error.retryAfterMs !== null) {
    turns.add(error.retryAfterMs)
    await deliveries.holdUp(delivery, error.closes, error.retryAfterMs)
    options.onDelivered?.(content, 'retried')
    return
  }
  const delayMs = error.retryAfterMs ?? backoffMs(attempts, 1_000, 30_000)
  // Earlier uncertainty outlives a try that surely did not arrive.
  const certain = error.code !== 'uncertain' && !delivery.uncertain
  await deliveries.giveBack(delivery, delayMs, error.message, certain)
  options.onDelivered?.(content, 'retried')
}

/** True when trying the same channel again cannot help. The fallback itself is tried for ever, except for what nobody takes. */
function leavesChannel(error: AlertingError, options: SenderOptions, { to, attempts }: LeasedDelivery): boolean {
  const last = isSame(to, options.fallback)
  if (error.code === 'refused') return !last || attempts >= mostRefusals
  if (error.code === 'unexplained') return !last && attempts + 1 >= mostUnexplained
  return (error.code === 'channel-gone' || error.code === 'denied') && !last
}

/** A wait that the destination asked for is no failure, and one bad alert is no outage. */
function isDown({ destinations }: SenderOptions, { to, attempts }: LeasedDelivery, { code }: AlertingError): boolean {
  if (attempts < downAttempts || !['unavailable', 'uncertain', 'unexplained'].includes(code)) return false
  return !tookLately(destinations, to.destination, to.channel)
}

/** A channel, or any of the destination's. */
function tookLately(destinations: readonly Destination[], name: string, channel: string | null = null): boolean {
  const destination = destinations.find((each) => each.name === name)
  const taken = destination === undefined ? undefined : lastTaken.get(destination)
  const times = channel === null ? [...(taken?.values() ?? [])] : [taken?.get(channel) ?? -Infinity]
  return times.some((time) => performance.now() - time <= downMs)
}

/** Closes the delivery, opens one at the fallback, and tells the operators, once an hour and cause, all in one transaction. */
async function divert(options: SenderOptions, delivery: LeasedDelivery, error: AlertingError): Promise<void> {
  const { destination, channel, team } = delivery.to
  const place = placeOf(delivery.to)
  const because = `${place} did not take it (${error.code})`
  const lost = isSame(delivery.to, options.fallback)
  const instead = lost ? null : { ...options.fallback, team, because }
  await options.store.transaction(async (records) => {
    if (!(await records.deliveries.divert(delivery, error.message, instead))) return
    await note(options, records, `${destination}:${channel}:${error.code}`, {
      title: `${place} does not take alerts (${error.code})`,
      text: lost
        ? `${error.message}. The alert ${delivery.alertId} could not be told anywhere; it is kept in the store.`
        : `${error.message}. Its alerts go to the fallback until the route or the place is put right.`,
    })
  })
}

/** A destination or a channel that takes nothing for a while: its alerts wait, and the operators hear of it where they can be told. */
async function noteDown(options: SenderOptions, to: RoutedTo, error: AlertingError): Promise<void> {
  const { destination, channel } = to
  const refused = error.code === 'token-refused'
  const alone = !refused && destination !== channel && tookLately(options.destinations, destination)
  await options.store.transaction((records) =>
    note(
      options,
      records,
      `down:${destination}:${refused ? error.code : alone ? channel : ''}`,
      {
        title: `${alone ? placeOf(to) : `Destination ${destination}`} ${refused ? 'refused our credentials' : 'cannot be reached'}`,
        text: `${error.message}. Its alerts are kept and are told as soon as it takes them.`,
      },
      alone ? to : { destination, channel: null },
    ),
  )
}

/** A wait that is longer than any that we believe: tried again before it is over, and the operators hear of it. */
async function noteLongWait(options: SenderOptions, { to }: LeasedDelivery, error: AlertingError): Promise<void> {
  await options.store.transaction((records) =>
    note(
      options,
      records,
      `wait:${to.destination}:${to.channel}`,
      {
        title: `${placeOf(to)} asks to wait for very long`,
        text: `${error.message}. It is tried again every ${mostWaitMs / 60_000} minutes; its alerts are kept until it takes them.`,
      },
      to,
    ),
  )
}

/** Once an hour and cause. `about`: the destination, or one channel of it; it is told at others, unless there is none. */
async function note(
  { route, fallback }: SenderOptions,
  records: Parameters<Parameters<Store['transaction']>[0]>[0],
  cause: string,
  words: Omit<OperatorNote, 'kind'>,
  about: { readonly destination: string; readonly channel: string | null } | null = null,
): Promise<void> {
  const hour = (await records.now()).toISOString().slice(0, 13)
  const content: OperatorNote = { kind: 'note', ...words }
  const places = route(content)
  const elsewhere = [...places, { ...fallback, team: null, because: 'a note to the operators' }].filter(
    ({ destination, channel }) => destination !== about?.destination || (about.channel !== null && channel !== about.channel),
  )
  const to = elsewhere.length === 0 || about === null ? places : elsewhere
  await records.alerts.create({ findingId: null, key: `note:delivery:${cause}:${hour}`, content, to })
}

/** As people call it: a channel by its name alone in the default workspace. */
function placeOf({ destination, channel }: RoutedTo): string {
  if (destination === channel) return `Destination ${destination}`
  return destination === 'slack' ? `Channel ${channel}` : `Channel ${channel} of ${destination}`
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 500) : 'unknown'
}
