import { copyBack } from './snappy.ts'

const magic = 0x184d2204
const blockBytes: readonly (number | undefined)[] = [
  undefined,
  undefined,
  undefined,
  undefined,
  65_536,
  262_144,
  1_048_576,
  4_194_304,
]

/** Unpacks an LZ4 frame. Checksums are skipped: the broker has checked the batch. Throws on anything else. */
export function unpackLz4(packed: Buffer, maxBytes: number): Buffer {
  if (packed.length < 7 || packed.readUInt32LE(0) !== magic) throw new Error('lz4: no frame')
  const flags = packed.readUInt8(4)
  const most = blockBytes[(packed.readUInt8(5) >> 4) & 7]
  if (flags >> 6 !== 1 || most === undefined || (flags & 1) === 1) throw new Error('lz4: an unknown kind of frame')
  const independent = (flags & 32) !== 0
  let at = 7 + ((flags & 8) === 0 ? 0 : 8)
  let out = Buffer.alloc(0)
  let end = 0
  for (;;) {
    const size = packed.readUInt32LE(at)
    at += 4
    if (size === 0) break
    const isPlain = size >= 0x80000000
    const length = isPlain ? size - 0x80000000 : size
    if (length > most || at + length > packed.length) throw new Error('lz4: a block is longer than the frame')
    if (end + most > out.length) {
      const bigger = Buffer.allocUnsafe(Math.max(out.length * 2, end + most))
      out.copy(bigger, 0, 0, end)
      out = bigger
    }
    const block = packed.subarray(at, at + length)
    if (isPlain) end += block.copy(out, end)
    else end = unpackBlock(block, out, end, independent ? end : 0, end + most)
    if (end > maxBytes) throw new Error(`lz4: unpacks to more than ${maxBytes} bytes`)
    at += length + ((flags & 16) === 0 ? 0 : 4)
  }
  return out.subarray(0, end)
}

/** Writes a block behind `start`; what it points back to stands at `oldest` or later. Returns where it ends. */
function unpackBlock(block: Buffer, out: Buffer, start: number, oldest: number, limit: number): number {
  let at = 0
  let end = start
  const more = (nibble: number): number => {
    let length = nibble
    for (let value = nibble === 15 ? 255 : 0; value === 255; length += value) {
      value = block.readUInt8(at)
      at += 1
    }
    return length
  }
  while (at < block.length) {
    const token = block.readUInt8(at)
    at += 1
    const letters = more(token >> 4)
    if (at + letters > block.length || end + letters > limit) throw new Error('lz4: letters beyond the end')
    end += block.copy(out, end, at, at + letters)
    at += letters
    // The last piece is letters only.
    if (at === block.length) break
    const back = block.readUInt16LE(at)
    at += 2
    const copied = more(token & 15) + 4
    if (end - back < oldest || end + copied > limit) throw new Error('lz4: a copy from outside of what is unpacked')
    copyBack(out, end, back, copied)
    end += copied
  }
  return end
}
