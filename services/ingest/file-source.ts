import { backoffMs, roomLogger, sleep } from '#runtime'
import { IngestError, nameOf } from './ingest-error.ts'
import { readFiles } from './read-files.ts'
import type { BatchHandler, Message, Source } from './source.ts'

const log = roomLogger('ingest')
const batchSize = 200
const tries = 5

/** Reads CloudTrail files and folders once, in order, and returns at their end. */
export function openFileSource(paths: readonly string[]): Source {
  return {
    name: paths.join(', '),
    async run(handle, stop) {
      let batch: Message[] = []
      for await (const { file, index, body } of readFiles(paths)) {
        if (stop.aborted) return
        batch.push({ id: `${file}#${index}`, body, receivedAt: new Date() })
        if (batch.length === batchSize) {
          await handOver(handle, batch, stop)
          batch = []
        }
      }
      if (batch.length > 0) await handOver(handle, batch, stop)
    },
  }
}

/** Until everything of the batch is taken. Files wait for ever, so what is refused again and again ends the run with its names. */
async function handOver(handle: BatchHandler, batch: readonly Message[], stop: AbortSignal): Promise<void> {
  let left = batch
  for (let attempt = 0; attempt < tries && !stop.aborted; attempt += 1) {
    if (attempt > 0) await sleep(backoffMs(attempt - 1, 200, 2_000), stop)
    const current = left
    try {
      const again = await handle(current)
      left = current.filter(({ id }) => again.has(id))
    } catch (error) {
      log.warn({ messages: current.length, attempt, error: nameOf(error) }, 'records were not taken, will be handed over again')
    }
    if (left.length === 0) return
  }
  if (stop.aborted) return
  const names = left.slice(0, 5).map(({ id }) => id)
  throw new IngestError('not-taken', `${left.length} records were refused ${tries} times: ${names.join(', ')}`)
}
