import { expect, it } from 'vitest'
import { AlertingError, type Destination, type Outgoing } from '#alerting'
import type { AlertContent, JsonObject } from '#model'
import { aFindingAlert, anOutgoing } from '../support/alerts.ts'
import { aSummary as summary, everywhere, hostileTexts } from '../support/hostile.ts'
import { until } from '../support/until.ts'

/** A destination over a real counterpart, with what arrived there. */
export interface DestinationSubject {
  readonly destination: Destination
  /** One that takes alerts, and one that is not there. */
  readonly channel: string
  /** Every version that arrived, in order. `identity` is the same for all versions of an alert. */
  readonly arrived: () => Promise<readonly Arrived[]>
  /** The same kind of destination, leading to a place that is not there. */
  readonly nowhere: { readonly destination: Destination; readonly channel: string }
  /** The same kind, behind an address where nothing listens. */
  readonly unreachable: Destination
  /** Texts that no error may hold. */
  readonly secrets: readonly string[]
  readonly close: () => Promise<void>
}
export interface Arrived {
  readonly identity: string
  readonly text: string
  /** As Slack would read it, were it shown there: what is live in it. */
  readonly live: readonly string[]
}

const never = new AbortController().signal
const note: AlertContent = { kind: 'note', title: 'Channel #x does not take alerts', text: 'is_archived' }

export function destinationContract(open: () => Promise<DestinationSubject>): void {
  const using = async (work: (subject: DestinationSubject) => Promise<void>): Promise<void> => {
    const subject = await open()
    try {
      await work(subject)
    } finally {
      await subject.close()
    }
  }
  const arrivals = (subject: DestinationSubject, count: number): Promise<readonly Arrived[]> =>
    until(`${count} arrivals`, async () => {
      const found = await subject.arrived()
      return found.length >= count ? found : null
    })
  const failure = async (work: Promise<JsonObject>): Promise<AlertingError> => {
    const error: unknown = await work.then(
      () => new Error('it was taken'),
      (cause: unknown) => cause,
    )
    if (error instanceof AlertingError) return error
    throw error
  }
  const to = ({ destination, channel }: DestinationSubject): Outgoing['to'] => {
    return { destination: destination.name, channel, team: 'payments', because: 'team payments owns tag team=payments' }
  }

  it('tells findings, summaries and notes, each once', () =>
    using(async (subject) => {
      for (const [index, content] of [aFindingAlert(), summary, note].entries()) {
        const alert = anOutgoing({ deliveryId: `d-${index}`, alertId: `a-${index}`, content, to: to(subject) })
        expect(await subject.destination.post(subject.channel, alert, never)).toEqual(expect.any(Object))
      }
      const arrived = await arrivals(subject, 3)
      expect(arrived).toHaveLength(3)
      expect(new Set(arrived.map(({ identity }) => identity)).size).toBe(3)
      expect(arrived[0]?.text).toContain('Bucket ledger is publicly readable')
      expect(arrived[1]?.text).toContain('S3 bucket is publicly readable')
      expect(arrived[2]?.text).toContain('Channel #x does not take alerts')
    }))

  it('keeps a told alert true: later news come under the same identity', () =>
    using(async (subject) => {
      const alert = anOutgoing({ to: to(subject) })
      const message = await subject.destination.post(subject.channel, alert, never)
      const ended = { how: 'fixed', at: '2026-11-21T14:30:00Z', cause: null } as const
      const later = { ...alert, revision: 2, content: aFindingAlert({ ended }) }
      const again = await subject.destination.edit(message, later, never)
      await subject.destination.edit(again, { ...later, revision: 3 }, never)
      const arrived = await arrivals(subject, 3)
      expect(new Set(arrived.map(({ identity }) => identity)).size).toBe(1)
      expect(arrived[0]?.text).not.toContain('Resolved')
      expect(arrived[1]?.text).toContain('Resolved')
    }))

  it('shows hostile texts as letters: nothing from outside is a link or a mention', { timeout: 60_000 }, () =>
    using(async (subject) => {
      const contents = hostileTexts(25, 7).flatMap(everywhere)
      for (const [index, content] of contents.entries()) {
        const alert = anOutgoing({ deliveryId: `d-${index}`, alertId: `a-${index}`, content, to: to(subject) })
        await subject.destination.post(subject.channel, alert, never)
      }
      const arrived = await arrivals(subject, contents.length)
      expect(arrived.flatMap(({ live }) => live)).toEqual([])
    }),
  )

  it('takes the largest alert there is, and one with nothing in it', () =>
    using(async (subject) => {
      const huge = 'ü<!channel>'.repeat(20_000)
      const differences = Array.from({ length: 500 }, (_, index) => ({
        path: `Tags.${index}`,
        before: null,
        after: huge.slice(0, 5_000),
      }))
      const [finding] = everywhere(huge)
      const contents = [{ ...finding, differences, context: { huge } } as AlertContent, ...everywhere('')]
      for (const [index, content] of contents.entries()) {
        await subject.destination.post(subject.channel, anOutgoing({ deliveryId: `d-${index}`, content, to: to(subject) }), never)
      }
      expect(await arrivals(subject, contents.length)).toHaveLength(contents.length)
    }))

  it('says of a place that is not there that no later try can help', () =>
    using(async ({ nowhere, secrets }) => {
      const error = await failure(nowhere.destination.post(nowhere.channel, anOutgoing(), never))
      expect(error).toMatchObject({ code: 'channel-gone', retryable: false })
      expect(secrets.filter((secret) => error.message.includes(secret))).toEqual([])
    }))

  it('says of one that cannot be reached that a later try may help, and tells no secret', () =>
    using(async ({ unreachable, channel, secrets }) => {
      const error = await failure(unreachable.post(channel, anOutgoing(), never))
      expect(error.retryable).toBe(true)
      expect(['unavailable', 'uncertain']).toContain(error.code)
      expect(secrets.filter((secret) => JSON.stringify([error.message, error.stack]).includes(secret))).toEqual([])
    }))

  it('sends nothing once it is stopped', () =>
    using(async (subject) => {
      const error = await failure(
        subject.destination.post(subject.channel, anOutgoing({ deliveryId: 'd-stopped' }), AbortSignal.abort()),
      )
      expect(error.retryable).toBe(true)
      await subject.destination.post(subject.channel, anOutgoing({ deliveryId: 'd-later', alertId: 'a-later' }), never)
      expect(await arrivals(subject, 1)).toHaveLength(1)
    }))
}
