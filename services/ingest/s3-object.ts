import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { IngestError, nameOf } from './ingest-error.ts'
import type { NamedObject } from './read-notification.ts'
import type { Splitter } from './split-records.ts'
import { unpack } from './unpack.ts'

/** CloudTrail's files hold some ten thousand records at most, 50 MB unpacked; those of flow logs are smaller. */
const most = { bytes: 1024 * 1024 * 1024, records: 1_000_000 } as const

/** A bucket's objects in our words: the records of each, one after the other. */
export interface Objects {
  /** Throws IngestError: `object-missing`, `object-denied`, `object-unreadable`, `gzip-bomb`, `object-too-large`, or `object-unfetched`. */
  records(object: NamedObject, splitter: Splitter, stop: AbortSignal): AsyncGenerator<string>
  close(): void
}

export function openObjects(options: { readonly region?: string | undefined; readonly endpoint?: string | undefined }): Objects {
  const { region, endpoint } = options
  const client = new S3Client({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    // The bucket may be in another region than its queue's reader.
    followRegionRedirects: true,
    maxAttempts: 3,
    // The body is read no faster than intake takes it.
    requestHandler: { connectionTimeout: 3_000, socketTimeout: 60_000 },
  })
  return {
    async *records(object, splitter, stop) {
      const name = `s3://${object.bucket}/${object.key}`
      const decoder = new TextDecoder()
      let [count, bytes] = [0, 0]
      const counted = (records: readonly string[]): readonly string[] => {
        count += records.length
        if (count <= most.records) return records
        throw new IngestError('object-too-large', `${name}: holds more than ${most.records} records`)
      }
      try {
        const command = new GetObjectCommand({ Bucket: object.bucket, Key: object.key })
        const { Body } = await client.send(command, { abortSignal: stop })
        for await (const chunk of unpack(name, Body as unknown as AsyncIterable<Buffer>)) {
          bytes += chunk.length
          if (bytes > most.bytes) throw new IngestError('object-too-large', `${name}: holds more than ${most.bytes} bytes`)
          yield* counted(splitter.push(decoder.decode(chunk, { stream: true })))
        }
        yield* counted([...splitter.push(decoder.decode()), ...splitter.end()])
      } catch (error) {
        throw error instanceof IngestError ? error : ingestErrorOf(name, error)
      }
    },
    close: () => client.destroy(),
  }
}

function ingestErrorOf(name: string, error: unknown): IngestError {
  const code = error instanceof Error ? error.name : 'unknown'
  const status = statusOf(error)
  if (status === 404) return new IngestError('object-missing', `${name}: is not there (${code})`, { retryable: true })
  if (status === 403 || code.startsWith('KMS.'))
    return new IngestError('object-denied', `${name}: may not be read (${code}); docs/s3.md has the policies`, { retryable: true })
  if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))
    return new IngestError('object-unreadable', `${name}: is no whole gzip (${String(error.code)})`, { retryable: true })
  return new IngestError('object-unfetched', `${name}: could not be fetched (${nameOf(error)})`, { retryable: true })
}

function statusOf(error: unknown): number | null {
  const metadata: unknown = error instanceof Error && '$metadata' in error ? error.$metadata : null
  const status = typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata ? metadata.httpStatusCode : null
  return typeof status === 'number' ? status : null
}
