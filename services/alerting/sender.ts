import type { AlertContent, OperatorNote } from '#model'
import { backoffMs, roomLogger, type Bell } from '#runtime'
import type { LeasedDelivery, Store } from '#store'
import type { Destination } from './destination.ts'
import { AlertingError } from './error.ts'
import type { Router } from './route.ts'

const log = roomLogger('alerting')

export type DeliveryOutcome = 'posted' | 'edited' | 'diverted' | 'retried'

export interface SenderOptions {
  readonly store: Pick<Store, 'deliveries' | 'transaction'>
  readonly destinations: readonly Destination[]
  /** The channel that takes what another one does not. */
  readonly fallback: string
  readonly route: Router
  /** Hears of each try that came to something. */
  readonly onDelivered?: (content: AlertContent, outcome: DeliveryOutcome) => void
  readonly concurrency?: number
  /** In case a ring is lost, and for what becomes due by time. */
  readonly pollMs?: number
}
export interface Sender {
  /** Delivers until stopped; then what is being sent is finished, what is not is given back, within the drain time. */
  run(bell: Bell, stop: AbortSignal): Promise<void>
}

/** Longer than a try may take, so that only a crash ends a lease. */
const leaseMs = 30_000
/** For one try, with its wait for the channel's turn. */
const tryMs = 12_000
const drainMs = 8_000
const mostRefusals = 5

/**
 * Delivery, the third durable step. The outbox decides what is due; a delivery is noted before it is sent and settled after, so that
 * every way to die in between is known to be uncertain. Channels go side by side, the messages of one channel one after another.
 */
export function createSender(options: SenderOptions): Sender {
  const { concurrency = 32, pollMs = 500 } = options
  return {
    async run(bell, stop) {
      const channels = new Map<string, Promise<void>>()
      const drained = new AbortController()
      let failures = 0
      while (!stop.aborted) {
        const free = concurrency - channels.size
        let leased: readonly LeasedDelivery[] = []
        try {
          leased = free > 0 ? await options.store.deliveries.lease(free, leaseMs) : []
          failures = 0
        } catch (error) {
          failures += 1
          log.error({ error: wordsOf(error) }, 'deliveries cannot be leased')
        }
        for (const delivery of leased) start(options, channels, delivery, drained.signal, bell, stop)
        if (leased.length === 0) await bell.wait(failures > 0 ? backoffMs(failures, 1_000, 30_000) : pollMs, stop)
      }
      const timer = setTimeout(() => drained.abort(), drainMs)
      await Promise.all(channels.values())
      clearTimeout(timer)
    },
  }
}

/** Puts a delivery behind the one its channel is busy with. */
function start(
  options: SenderOptions,
  channels: Map<string, Promise<void>>,
  delivery: LeasedDelivery,
  drained: AbortSignal,
  bell: Bell,
  stop: AbortSignal,
): void {
  const key = `${delivery.to.destination} ${delivery.to.channel}`
  const leasedAt = performance.now()
  const before = channels.get(key)
  const turn = async (): Promise<void> => {
    await before
    const late = performance.now() - leasedAt > leaseMs - tryMs
    try {
      if (stop.aborted || late) await options.store.deliveries.release([delivery])
      else await deliver(options, delivery, AbortSignal.any([drained, AbortSignal.timeout(tryMs)]))
    } catch (error) {
      log.error({ delivery: delivery.id, error: wordsOf(error) }, 'delivery stays leased until its time runs out')
    }
  }
  const done = turn().finally(() => {
    if (channels.get(key) === done) channels.delete(key)
    bell.ring()
  })
  channels.set(key, done)
}

async function deliver(options: SenderOptions, delivery: LeasedDelivery, signal: AbortSignal): Promise<void> {
  const { deliveries } = options.store
  const { content, message, uncertain, sentAt, to } = delivery
  const destination = options.destinations.find(({ name }) => name === to.destination)
  try {
    if (destination === undefined) throw new AlertingError('refused', `there is no destination named ${to.destination}`)
    const outgoing = { deliveryId: delivery.id, content, uncertain, sentAt }
    // False: the lease was lost, somebody else has it now.
    if (message === null && !(await deliveries.sending(delivery))) return
    const identity = await (message === null
      ? destination.post(to.channel, outgoing, signal)
      : destination.edit(message, outgoing, signal))
    await deliveries.sent(delivery, identity)
    options.onDelivered?.(content, message === null ? 'posted' : 'edited')
  } catch (error) {
    if (!(error instanceof AlertingError)) throw error
    await settleFailure(options, delivery, error)
  }
}

async function settleFailure(options: SenderOptions, delivery: LeasedDelivery, error: AlertingError): Promise<void> {
  const { deliveries } = options.store
  const { id, content, attempts, to, message } = delivery
  const facts = { delivery: id, channel: to.channel, code: error.code, attempts, reason: error.message }
  if (error.code === 'message-gone' && message !== null) {
    // Somebody deleted it: they know. What ended or repeats needs no new message.
    log.info(facts, 'message is gone, not edited')
    await deliveries.sent(delivery, message)
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
  if (error.code === 'token-refused') await noteToken(options, error)
  const delayMs = error.retryAfterMs ?? backoffMs(attempts, 1_000, 30_000)
  // Earlier uncertainty outlives a try that surely did not arrive.
  const certain = error.code !== 'uncertain' && !delivery.uncertain
  await deliveries.giveBack(delivery, delayMs, error.message, certain)
  options.onDelivered?.(content, 'retried')
}

/** True when trying the same channel again cannot help. The fallback itself is tried for ever, except for what nobody takes. */
function leavesChannel(error: AlertingError, options: SenderOptions, { to, attempts }: LeasedDelivery): boolean {
  const last = isFallback(options, to.channel)
  if (error.code === 'refused') return !last || attempts >= mostRefusals
  return (error.code === 'channel-gone' || error.code === 'denied') && !last
}

function isFallback({ fallback }: SenderOptions, channel: string): boolean {
  return channel.replace(/^#/u, '') === fallback.replace(/^#/u, '')
}

/** Closes the delivery, opens one at the fallback, and tells the operators, once an hour and cause, all in one transaction. */
async function divert(options: SenderOptions, delivery: LeasedDelivery, error: AlertingError): Promise<void> {
  const { channel, team } = delivery.to
  const because = `${channel} did not take it (${error.code})`
  const lost = isFallback(options, channel)
  const instead = lost ? null : { destination: 'slack', channel: options.fallback, team, because }
  await options.store.transaction(async (records) => {
    if (!(await records.deliveries.divert(delivery, error.message, instead))) return
    await note(options, records, `${channel}:${error.code}`, {
      title: `Channel ${channel} does not take alerts (${error.code})`,
      text: lost
        ? `${error.message}. The alert ${delivery.alertId} could not be told anywhere; it is kept in the store.`
        : `${error.message}. Its alerts come here until its route or the channel is put right.`,
    })
  })
}

/** Waits in the outbox like every alert, and is the first thing that says since when. */
async function noteToken(options: SenderOptions, error: AlertingError): Promise<void> {
  await options.store.transaction((records) =>
    note(options, records, `token:${error.code}`, {
      title: 'Slack refused our token',
      text: `${error.message}. Alerts were kept and are told from now on.`,
    }),
  )
}

async function note(
  { route }: SenderOptions,
  records: Parameters<Parameters<Store['transaction']>[0]>[0],
  cause: string,
  words: Omit<OperatorNote, 'kind'>,
): Promise<void> {
  const hour = (await records.now()).toISOString().slice(0, 13)
  const content: OperatorNote = { kind: 'note', ...words }
  await records.alerts.create({ findingId: null, key: `note:slack:${cause}:${hour}`, content, to: route(content, new Map()) })
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 500) : 'unknown'
}
