import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { startFauxqs } from 'fauxqs'

/** An SQS in this process, spoken to over HTTP by the real SDK. */
export interface DemoQueue {
  readonly endpoint: string
  readonly url: string
  send(body: string): Promise<void>
  /** True when every message was deleted: nothing waits, nothing is in flight. */
  empty(): boolean
  stop(): Promise<void>
}

const name = 'tripline-demo'
const region = 'us-east-1'

/** Starts the queue on a free port. */
export async function startQueue(): Promise<DemoQueue> {
  const server = await startFauxqs({ port: 0, logger: false })
  const endpoint = `http://127.0.0.1:${server.port}`
  // The server knows the queue only by the URL that it gave, whose host need not resolve: calls go to the endpoint.
  const sqs = new SQSClient({ endpoint, region, useQueueUrlAsEndpoint: false })
  const { QueueUrl: url = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name }))
  return {
    endpoint,
    url,
    async send(body) {
      await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body }))
    },
    empty() {
      const { ready = [], delayed = [], inflight = [] } = server.inspectQueue(name)?.messages ?? {}
      return ready.length + delayed.length + inflight.length === 0
    },
    async stop() {
      sqs.destroy()
      await server.stop()
    },
  }
}
