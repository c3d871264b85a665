import { openKafkaSource } from '#ingest'

// One member of a consumer group in a process of its own, which a test can kill. Its parent handles the messages.

const [brokers = '', groupId = '', topic = ''] = process.argv.slice(2)
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())
process.on('disconnect', () => process.exit(1))

let asked = 0
const waiting = new Map<number, () => void>()
process.on('message', (answered: number) => {
  waiting.get(answered)?.()
  waiting.delete(answered)
})

const source = openKafkaSource({ brokers: brokers.split(','), groupId, topics: [topic] })
await source.run(async (batch) => {
  asked += 1
  const call = asked
  const answer = new Promise<void>((resolve) => waiting.set(call, resolve))
  process.send?.({ call, messages: batch.map(({ id, body }) => ({ id, body })) })
  await answer
  return new Set()
}, stop.signal)
process.disconnect?.()
