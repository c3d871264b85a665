import { promisify } from 'node:util'
import { gunzip, zstdDecompress } from 'node:zlib'
import { roomLogger } from '#runtime'
import { nameOf } from './ingest-error.ts'
import { unpackLz4 } from './lz4.ts'
import { unpackSnappy } from './snappy.ts'

const log = roomLogger('ingest')

/** A batch is at most as large as a topic allows, 1 MiB by default; JSON unpacks to some twenty times as much. */
const maxBytes = 64 * 1_048_576
/** The most messages that stand for an unreadable batch. */
const mostRecords = 100_000

const unpackers = {
  gzip: (packed: Buffer) => promisify(gunzip)(packed, { maxOutputLength: maxBytes }),
  zstd: (packed: Buffer) => promisify(zstdDecompress)(packed, { maxOutputLength: maxBytes }),
  snappy: (packed: Buffer) => Promise.resolve(unpackSnappy(packed, maxBytes)),
  lz4: (packed: Buffer) => Promise.resolve(unpackLz4(packed, maxBytes)),
} as const
export type CodecName = keyof typeof unpackers

/**
 * A codec for kafkajs, for reading only. A batch that cannot be unpacked would hold its partition for ever, and its neighbours with
 * it: each of its messages becomes one that says so, which no decoder takes for an event.
 */
export function codecOf(name: CodecName) {
  return {
    compress: (): Promise<Buffer> => Promise.reject(new Error(`${name} is for reading only`)),
    async decompress(packed: Buffer): Promise<Buffer> {
      try {
        return await unpackers[name](packed)
      } catch (error) {
        const count = recordsOf(packed)
        log.error({ codec: name, bytes: packed.length, records: count, error: nameOf(error) }, 'batch cannot be unpacked')
        if (count === null) throw error
        return standIns(
          count,
          `unreadable: its batch of ${packed.length} bytes is no ${name} that unpacks to at most ${maxBytes} bytes`,
        )
      }
    },
  }
}

/** How many records the batch says it has: the number just before the packed bytes, of which kafkajs hands us a view. */
function recordsOf(packed: Buffer): number | null {
  if (packed.byteOffset < 4) return null
  const count = Buffer.from(packed.buffer, packed.byteOffset - 4, 4).readInt32BE()
  return count > 0 && count <= mostRecords ? count : null
}

/** Records as they stand in a batch: no key, no headers, `text` as value. */
function standIns(count: number, text: string): Buffer {
  const value = Buffer.from(text)
  const records = Array.from({ length: count }, (_, index) => {
    // Attributes, time, offset in the batch, no key, the value, no headers.
    const body = Buffer.concat([Buffer.of(0, 0), varint(index), Buffer.of(1), varint(value.length), value, Buffer.of(0)])
    return Buffer.concat([varint(body.length), body])
  })
  return Buffer.concat(records)
}

/** Zigzag: numbers from 0 on are written doubled, seven bits a byte, the lowest first. */
function varint(number: number): Buffer {
  const bytes: number[] = []
  for (let left = number * 2; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left])
    bytes.push((left % 128) + 128)
  }
}
