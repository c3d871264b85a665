const magic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const headerBytes = 16

/** Unpacks Snappy as Kafka's producers write it: blocks in the frame of the Java library, or one bare block. Throws on anything else. */
export function unpackSnappy(packed: Buffer, maxBytes: number): Buffer {
  if (!packed.subarray(0, magic.length).equals(magic)) return unpackBlock(packed, maxBytes)
  const blocks: Buffer[] = []
  let bytes = 0
  let at = headerBytes
  while (at < packed.length) {
    const length = packed.readInt32BE(at)
    at += 4
    if (length <= 0 || at + length > packed.length) throw new Error('snappy: a block is longer than the frame')
    const block = unpackBlock(packed.subarray(at, at + length), maxBytes - bytes)
    blocks.push(block)
    bytes += block.length
    at += length
  }
  if (blocks.length === 0) throw new Error('snappy: a frame without blocks')
  return Buffer.concat(blocks)
}

/** A block: how long it will be, then pieces that are letters or point back to what is there already. */
function unpackBlock(block: Buffer, maxBytes: number): Buffer {
  let at = 0
  const byte = (): number => {
    const value = block[at]
    if (value === undefined) throw new Error('snappy: the block ends too early')
    at += 1
    return value
  }
  const number = (bytes: number): number => {
    let value = 0
    for (let index = 0; index < bytes; index += 1) value += byte() * 256 ** index
    return value
  }
  let length = 0
  for (let scale = 1; ; scale *= 128) {
    const value = byte()
    length += (value & 127) * scale
    if (value < 128) break
    if (scale > 128 ** 4) throw new Error('snappy: a length of more than five bytes')
  }
  if (length > maxBytes) throw new Error(`snappy: unpacks to ${length} bytes, more than allowed`)
  const out = Buffer.allocUnsafe(length)
  let end = 0
  while (at < block.length) {
    const tag = byte()
    const kind = tag & 3
    if (kind === 0) {
      const short = tag >> 2
      const letters = (short < 60 ? short : number(short - 59)) + 1
      if (at + letters > block.length || end + letters > length) throw new Error('snappy: letters beyond the end')
      block.copy(out, end, at, at + letters)
      at += letters
      end += letters
    } else {
      const letters = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1
      const back = kind === 1 ? (tag >> 5) * 256 + byte() : number(kind === 2 ? 2 : 4)
      copyBack(out, end, back, letters)
      end += letters
    }
  }
  if (end !== length) throw new Error(`snappy: ${end} bytes where ${length} were said`)
  return out
}

/** Repeats what stands `back` bytes before; it may overlap what it writes. */
export function copyBack(out: Buffer, end: number, back: number, letters: number): void {
  if (back <= 0 || back > end || end + letters > out.length) throw new Error('a copy from outside of what is unpacked')
  if (back >= letters) out.copy(out, end, end - back, end - back + letters)
  else for (let index = 0; index < letters; index += 1) out[end + index] = out[end + index - back] ?? 0
}
