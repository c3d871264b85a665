import { Buffer } from 'node:buffer'
import { readSync, writeSync } from 'node:fs'

// Between parent and child: u32 length of what follows, u8 kind, content. Numbers are little-endian, text is UTF-8.

/** What a frame is. The parent sends the first group, the child the second. */
export const frameKinds = {
  load: 1,
  bodies: 2,
  resources: 3,
  tests: 4,
  again: 5,
  told: 6,
  loading: 10,
  loaded: 11,
  at: 12,
  busy: 13,
  answer: 14,
  ask: 15,
} as const
const headBytes = 5
const largestFrame = 256 * 1024 * 1024

export interface Frame {
  readonly kind: number
  readonly content: Buffer
}

/** A frame around texts, with a head of JSON: u32 length and text of the head, u32 count, then u32 length and text of each. */
export interface TextsFrame {
  readonly head: string
  readonly texts: readonly string[]
}

/** Encodes a frame of texts into `into`, or into a larger buffer when it is too small. Text is written once and never measured. */
export function encodeTexts(kind: number, { head, texts }: TextsFrame, into: Buffer): { frame: Buffer; buffer: Buffer } {
  let room = headBytes + 8 + head.length * 3 + texts.length * 4
  for (const text of texts) room += text.length * 3
  const buffer = into.length >= room ? into : Buffer.allocUnsafe(room)
  let at = headBytes
  const put = (text: string): void => {
    const bytes = buffer.write(text, at + 4, 'utf8')
    buffer.writeUInt32LE(bytes, at)
    at += 4 + bytes
  }
  put(head)
  at = buffer.writeUInt32LE(texts.length, at)
  for (const text of texts) put(text)
  buffer.writeUInt32LE(at - 4, 0)
  buffer.writeUInt8(kind, 4)
  return { frame: buffer.subarray(0, at), buffer }
}

export function decodeTexts(content: Buffer): TextsFrame {
  let at = 0
  const take = (): string => {
    const from = at + 4
    at = from + content.readUInt32LE(at)
    return content.toString('utf8', from, at)
  }
  const head = take()
  const count = content.readUInt32LE(at)
  at += 4
  const texts: string[] = []
  for (let index = 0; index < count; index += 1) texts.push(take())
  return { head, texts }
}

/** Cuts a stream of bytes into frames. */
export function createFrameParser(onFrame: (frame: Frame) => void): (chunk: Buffer) => void {
  let parts: Buffer[] = []
  let held = 0
  return (chunk) => {
    parts.push(chunk)
    held += chunk.length
    const first = parts[0]
    // Large frames come in many chunks: they are joined once, when all is there.
    if (parts.length > 1 && first !== undefined && first.length >= 4 && held < first.readUInt32LE(0) + 4) return
    let bytes = parts.length === 1 ? chunk : Buffer.concat(parts)
    while (bytes.length >= 4) {
      const length = bytes.readUInt32LE(0)
      if (length < 1 || length > largestFrame) throw new RangeError(`a frame of ${length} bytes; allowed: 1 to ${largestFrame}`)
      if (bytes.length < length + 4) break
      onFrame({ kind: bytes.readUInt8(4), content: bytes.subarray(headBytes, length + 4) })
      bytes = bytes.subarray(length + 4)
    }
    parts = bytes.length === 0 ? [] : [bytes]
    held = bytes.length
  }
}

/** Frames from a blocking file descriptor; null at its end. The content is valid until the next read. */
export function createSyncReader(fd: number): () => Frame | null {
  let buffer = Buffer.allocUnsafeSlow(1024 * 1024)
  let [from, to] = [0, 0]
  const fill = (wanted: number): boolean => {
    if (buffer.length - from < wanted) {
      const larger = wanted > buffer.length ? Buffer.allocUnsafeSlow(wanted * 2) : buffer
      buffer.copy(larger, 0, from, to)
      buffer = larger
      ;[from, to] = [0, to - from]
    }
    while (to - from < wanted) {
      const got = readSome(fd, buffer, to)
      if (got === 0) return false
      to += got
    }
    return true
  }
  return () => {
    if (from === to) [from, to] = [0, 0]
    if (!fill(4)) return null
    const length = buffer.readUInt32LE(from)
    if (!fill(length + 4)) return null
    const frame = { kind: buffer.readUInt8(from + 4), content: buffer.subarray(from + headBytes, from + 4 + length) }
    from += length + 4
    return frame
  }
}

function readSome(fd: number, into: Buffer, at: number): number {
  for (;;) {
    try {
      return readSync(fd, into, at, into.length - at, null)
    } catch (error) {
      // A stopped and continued process is interrupted here; nothing was lost.
      if (!(error instanceof Error && 'code' in error && (error.code === 'EINTR' || error.code === 'EAGAIN'))) throw error
    }
  }
}

/** Writes one frame to a blocking file descriptor. */
export function writeFrame(fd: number, kind: number, value: unknown): void {
  const text = JSON.stringify(value)
  const bytes = Buffer.byteLength(text)
  const frame = Buffer.allocUnsafe(headBytes + bytes)
  frame.writeUInt32LE(bytes + 1, 0)
  frame.writeUInt8(kind, 4)
  frame.write(text, headBytes, 'utf8')
  for (let at = 0; at < frame.length;) at += writeSync(fd, frame, at)
}
