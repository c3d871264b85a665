import type { SNSClient } from '@aws-sdk/client-sns'
import type { JsonObject } from '#model'
import { awsError } from './aws-errors.ts'
import type { Destination, Outgoing } from './destination.ts'
import { alertDocument, stateOf } from './document.ts'
import { AlertingError } from './error.ts'
import { plainText, subjectLine } from './plain-text.ts'
import { line } from './text.ts'

export interface SnsOptions {
  readonly name: string
  /** The topic's ARN. */
  readonly topic: string
  /** AWS by default. */
  readonly endpoint?: string
  readonly timeoutMs?: number
}

/** A message may have 256 KB with all its forms: the document stands in it four times. */
const documentBytes = 48 * 1024
const subjectLength = 100

/** A topic: people read the text, queues and functions the document; subscriptions filter by the attributes. Later versions are messages again. */
export function createSns({ name, topic, endpoint, timeoutMs = 5_000 }: SnsOptions): Destination {
  let client: SNSClient | null = null

  async function send(alert: Outgoing, signal: AbortSignal): Promise<JsonObject> {
    const attempt = `publishing to ${name}`
    if (signal.aborted) throw new AlertingError('unavailable', `${attempt}: stopped before it was sent`)
    const { SNSClient, PublishCommand } = await import('@aws-sdk/client-sns')
    const region = topic.split(':')[3]
    client ??= new SNSClient({
      maxAttempts: 1,
      requestHandler: { requestTimeout: timeoutMs, connectionTimeout: timeoutMs },
      ...(region === undefined ? {} : { region }),
      ...(endpoint === undefined ? {} : { endpoint }),
    })
    const document = alertDocument(alert, documentBytes)
    const forms = { default: plainText(alert), sqs: document, lambda: document, http: document, https: document }
    const ordered = { MessageGroupId: alert.alertId, MessageDeduplicationId: `${alert.deliveryId}-${alert.revision}` }
    const command = new PublishCommand({
      TopicArn: topic,
      MessageStructure: 'json',
      Message: JSON.stringify(forms),
      Subject: subjectLine(alert, subjectLength),
      MessageAttributes: attributesOf(alert),
      ...(topic.endsWith('.fifo') ? ordered : {}),
    })
    try {
      const { MessageId } = await client.send(command, { abortSignal: signal })
      if (MessageId === undefined) throw new AlertingError('uncertain', `${attempt}: expected a message id, got none`)
      return { message: MessageId }
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

/** What subscriptions filter by. SNS takes no empty values. */
function attributesOf(alert: Outgoing): Record<string, { DataType: string; StringValue: string }> {
  const { content, to, revision } = alert
  const finding = content.kind === 'finding' ? content : null
  const given = {
    kind: content.kind,
    state: stateOf(alert),
    severity: finding?.severity,
    team: to.team ?? undefined,
    detection: finding?.detection.id,
    account: finding?.place.accountId,
  }
  const texts = Object.entries(given).flatMap(([key, value]) =>
    value === undefined || line(value, 256) === '' ? [] : [[key, { DataType: 'String', StringValue: line(value, 256) }] as const],
  )
  return { ...Object.fromEntries(texts), revision: { DataType: 'Number', StringValue: String(revision) } }
}
