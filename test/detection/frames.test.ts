import { expect, test } from 'vitest'
import { createFrameParser, decodeTexts, encodeTexts, type Frame } from '../../services/detection/frames.ts'

test('texts come out as they went in, whatever the letters and wherever the stream is cut', () => {
  const given = { head: '{"a":1}', texts: ['', 'ascii', 'ümläut €', '🙂'.repeat(1_000), 'x'.repeat(70_000)] }
  const { frame } = encodeTexts(2, given, Buffer.alloc(0))
  for (const size of [1, 7, 4_096, frame.length]) {
    const found: Frame[] = []
    const parse = createFrameParser((each) => found.push({ kind: each.kind, content: Buffer.from(each.content) }))
    const twice = Buffer.concat([frame, frame])
    for (let at = 0; at < twice.length; at += size) parse(Buffer.from(twice.subarray(at, at + size)))
    expect(found).toHaveLength(2)
    for (const { kind, content } of found) {
      expect(kind).toBe(2)
      expect(decodeTexts(content)).toEqual(given)
    }
  }
})

test('a frame of an impossible length is refused', () => {
  const parse = createFrameParser(() => {})
  expect(() => parse(Buffer.from([0, 0, 0, 0, 1]))).toThrow('a frame of 0 bytes')
  expect(() => createFrameParser(() => {})(Buffer.from([255, 255, 255, 255]))).toThrow('a frame of 4294967295 bytes')
})
