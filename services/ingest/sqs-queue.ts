import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message as SqsMessage,
} from '@aws-sdk/client-sqs'
import { backoffMs, roomLogger, sleep } from '#runtime'
import { IngestError, nameOf } from './ingest-error.ts'

/** A received message, as long as we hold it. */
export interface Held {
  /** Ours, unique in the process: SQS may hand out the same message twice. */
  readonly id: string
  readonly handle: string
  readonly body: string
  readonly receivedAt: Date
  /** 1 for the first receive. */
  readonly receives: number
}

export interface QueueOptions {
  readonly queueUrl: string
  readonly region?: string | undefined
  readonly endpoint?: string | undefined
  readonly waitSeconds: number
  readonly visibilitySeconds: number
}

/** The queue in our words: ten messages a call, every call with a deadline, partial failures named. */
export interface Queue {
  /** Waits for messages. Throws when there is no answer by the deadline, or when stopped. */
  receive(stop: AbortSignal, waitSeconds?: number): Promise<readonly Held[]>
  /** Deletes for good; what still fails after five tries is returned and will come again. */
  remove(messages: readonly Held[]): Promise<readonly Held[]>
  /** Hides messages for so many seconds from now; 0 gives them back at once. Returns those for which it failed. */
  hide(messages: readonly Held[], secondsOf: (message: Held) => number): Promise<readonly Held[]>
  close(): void
}

const log = roomLogger('ingest')
const callMs = 5_000
const batchSize = 10

export function openQueue(options: QueueOptions): Queue {
  const { queueUrl: QueueUrl, region, endpoint, waitSeconds, visibilitySeconds } = options
  const place = region ?? /\bsqs\.([a-z]{2,5}(?:-[a-z]{1,12}){1,3}-\d{1,2})\./.exec(QueueUrl)?.[1]
  const client = new SQSClient({
    ...(place === undefined ? {} : { region: place }),
    // The queue's own address may be one that only its maker can reach; what we were told goes first.
    ...(endpoint === undefined ? {} : { endpoint, useQueueUrlAsEndpoint: false }),
    // Retrying is ours: with jitter, for as long as it takes, and stopped when we are.
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 3_000, socketTimeout: (waitSeconds + 5) * 1_000 },
  })
  let received = 0

  function hold(message: SqsMessage): readonly Held[] {
    const { MessageId, ReceiptHandle: handle, Body: body, Attributes } = message
    if (handle === undefined || body === undefined) return []
    received += 1
    const receives = Number(Attributes?.ApproximateReceiveCount ?? 1)
    return [{ id: `${MessageId ?? 'message'}:${received}`, handle, body, receivedAt: new Date(), receives }]
  }

  return {
    async receive(stop, wait = waitSeconds) {
      const command = new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: batchSize,
        WaitTimeSeconds: wait,
        VisibilityTimeout: visibilitySeconds,
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      })
      const { Messages } = await byDeadline(
        (abortSignal) => client.send(command, { abortSignal }),
        waitSeconds * 1_000 + callMs,
        stop,
      )
      return (Messages ?? []).flatMap(hold)
    },
    async remove(messages) {
      let left = messages
      for (let attempt = 0; left.length > 0 && attempt < 5; attempt += 1) {
        if (attempt > 0) await sleep(backoffMs(attempt, 100, 2_000), never)
        left = await inBatches(left, async (batch) => {
          const Entries = batch.map(({ handle }, index) => ({ Id: String(index), ReceiptHandle: handle }))
          const command = new DeleteMessageBatchCommand({ QueueUrl, Entries })
          return byDeadline((abortSignal) => client.send(command, { abortSignal }), callMs, never)
        })
      }
      return left
    },
    hide(messages, secondsOf) {
      return inBatches(messages, async (batch) => {
        const Entries = batch.map((message, index) => ({
          Id: String(index),
          ReceiptHandle: message.handle,
          VisibilityTimeout: secondsOf(message),
        }))
        const command = new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries })
        return byDeadline((abortSignal) => client.send(command, { abortSignal }), callMs, never)
      })
    },
    close: () => client.destroy(),
  }
}

const never = new AbortController().signal

/** Ten a call; returns the messages whose entry failed, all of them when the call did. */
async function inBatches(
  messages: readonly Held[],
  call: (batch: readonly Held[]) => Promise<{ Failed?: { Id: string | undefined }[] | undefined }>,
): Promise<readonly Held[]> {
  const batches = Array.from({ length: Math.ceil(messages.length / batchSize) }, (_, index) =>
    messages.slice(index * batchSize, (index + 1) * batchSize),
  )
  const failed = await Promise.all(
    batches.map(async (batch) => {
      try {
        const { Failed } = await call(batch)
        return (Failed ?? []).flatMap(({ Id }) => batch[Number(Id)] ?? [])
      } catch (error) {
        log.warn({ messages: batch.length, error: nameOf(error) }, 'SQS call failed')
        return batch
      }
    }),
  )
  return failed.flat()
}

/** Ends by the deadline even when the call does not heed its signal: a poll that never returns must not silence the queue. */
async function byDeadline<T>(call: (signal: AbortSignal) => Promise<T>, ms: number, stop: AbortSignal): Promise<T> {
  const controller = new AbortController()
  const { promise: over, reject } = Promise.withResolvers<never>()
  const end = (): void => {
    controller.abort()
    reject(new IngestError('poll-overdue', `SQS did not answer within ${ms} ms, or we were stopped`, { retryable: true }))
  }
  const timer = setTimeout(end, ms)
  stop.addEventListener('abort', end, { once: true })
  if (stop.aborted) end()
  try {
    return await Promise.race([call(controller.signal), over])
  } finally {
    clearTimeout(timer)
    stop.removeEventListener('abort', end)
  }
}
