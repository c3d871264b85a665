import type { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import type { JsonObject } from '#model'
import { awsError, awsFailure } from './aws-errors.ts'
import type { Destination, Outgoing } from './destination.ts'
import { alertDocument } from './document.ts'
import { AlertingError } from './error.ts'
import { ocsfFinding } from './ocsf.ts'

export interface EventBridgeOptions {
  readonly name: string
  /** A bus's name or ARN. */
  readonly bus: string
  /** What rules on the bus select events by. */
  readonly source: string
  /** The bus's own, when it is given by its ARN; else the environment's. */
  readonly region?: string
  /** AWS by default. */
  readonly endpoint?: string
  readonly timeoutMs?: number
}

/** EventBridge counts the whole entry, so a little is left for its names. */
const mostBytes = 250 * 1024

/** An event bus: findings as OCSF events, summaries and notes as documents of ours. Later versions are events of the same finding. */
export function createEventBridge({ name, bus, source, region, endpoint, timeoutMs = 5_000 }: EventBridgeOptions): Destination {
  let client: EventBridgeClient | null = null

  async function send(alert: Outgoing, signal: AbortSignal): Promise<JsonObject> {
    const attempt = `putting an event on ${name}`
    if (signal.aborted) throw new AlertingError('unavailable', `${attempt}: stopped before it was sent`)
    const { EventBridgeClient, PutEventsCommand } = await import('@aws-sdk/client-eventbridge')
    const own = region ?? /^arn:[\w-]+:events:(?<region>[\w-]+):/u.exec(bus)?.groups?.['region']
    client ??= new EventBridgeClient({
      maxAttempts: 1,
      requestHandler: { requestTimeout: timeoutMs, connectionTimeout: timeoutMs },
      ...(own === undefined ? {} : { region: own }),
      ...(endpoint === undefined ? {} : { endpoint }),
    })
    const { content } = alert
    const place = content.kind === 'finding' ? content.place : null
    const arn = place?.resourceId?.startsWith('arn:') === true ? [place.resourceId.slice(0, 1_000)] : []
    const entry = {
      EventBusName: bus,
      Source: source,
      DetailType:
        content.kind === 'finding' ? 'Detection Finding' : content.kind === 'summary' ? 'Tripline Summary' : 'Tripline Note',
      Detail: content.kind === 'finding' ? ocsfFinding({ ...alert, content }, mostBytes) : alertDocument(alert, mostBytes),
      Resources: arn,
    }
    try {
      const answer = await client.send(new PutEventsCommand({ Entries: [entry] }), { abortSignal: signal })
      const [said] = answer.Entries ?? []
      // A call that succeeds may still say of its entry that it did not.
      if (said?.ErrorCode !== undefined) throw awsFailure(said.ErrorCode, attempt)
      if (said?.EventId === undefined) throw new AlertingError('uncertain', `${attempt}: expected an event id, got none`)
      return { event: said.EventId }
    } catch (error) {
      throw awsError(error, attempt)
    }
  }

  return {
    name,
    threads: false,
    gapMs: 0,
    post: (_, alert, signal) => send(alert, signal),
    edit: (_, alert, signal) => send(alert, signal),
  }
}
