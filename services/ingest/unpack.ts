import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { IngestError } from './ingest-error.ts'

/** Bytes may unpack to a hundred times their number, or to so much whatever their number. */
const ratio = 100
const freeBytes = 16 * 1024 * 1024
const mostBytes = 2 * 1024 * 1024 * 1024

/** The bytes of a file or object, unpacked when they begin as gzip does. Throws IngestError `gzip-bomb` when they unpack to too much. */
export async function* unpack(name: string, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const rest = source[Symbol.asyncIterator]()
  const begin: Buffer[] = []
  let before = 0
  while (before < 2) {
    const next = await rest.next()
    if (next.done === true) break
    begin.push(next.value)
    before += next.value.length
  }
  const [first = 0, second = 0] = Buffer.concat(begin)
  async function* all(): AsyncGenerator<Buffer> {
    try {
      yield* begin
      for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
        before += next.value.length
        yield next.value
      }
    } finally {
      await rest.return?.()
    }
  }
  if (first !== 0x1f || second !== 0x8b) return yield* all()
  let after = 0
  // The callback is for what is thrown after the reader left; while it reads, the stream itself throws.
  const unpacked = pipeline(Readable.from(all(), { objectMode: true }), createGunzip(), () => undefined)
  for await (const chunk of unpacked as AsyncIterable<Buffer>) {
    after += chunk.length
    if (after > mostBytes || (after > freeBytes && after > before * ratio))
      throw new IngestError('gzip-bomb', `${name}: ${before} bytes unpack to more than ${after}; allowed: ${ratio} times as many`)
    yield chunk
  }
  return undefined
}
