import { describe, expect, test } from 'vitest'
import { codecOf, type CodecName } from '../../services/ingest/kafka-codecs.ts'
import { unpackLz4 } from '../../services/ingest/lz4.ts'
import { unpackSnappy } from '../../services/ingest/snappy.ts'

// One record, as an Apache Kafka 4.1.0 packed it for a topic with this `compression.type`.
const packed = {
  snappy:
    'glNOQVBQWQAAAAABAAAAAQAAAEW4AnTsBAAAAAHeBENsb3VkVHJhaWwgc3BlYWtzOiBhYmP+AwCiAwAsIDAxMjM0NTY3ODkg/gwATgwABMOp/gIANgIAAAA=',
  lz4: 'BCJNGGBAgj8AAAD/D+wEAAAAAd4EQ2xvdWRUcmFpbCBzcGVha3M6IGFiYwMAVs8gMDEyMzQ1Njc4OSAMAEEvw6kCADdQw6nDqQAAAAAA',
  zstd: 'KLUv/QBY1AEA1ALsBAAAAAHeBENsb3VkVHJhaWwgc3BlYWtzOiBhYmMgMDEyMzQ1Njc4OSDDqQADAJtDcbxMSWPqnAEAAA==',
} as const
const said = `CloudTrail speaks: ${'abc'.repeat(36)}${' 0123456789 '.repeat(8)}${'é'.repeat(40)}`
const names: readonly (keyof typeof packed)[] = ['snappy', 'lz4', 'zstd']
const unpackers = { snappy: unpackSnappy, lz4: unpackLz4 } as const

test.each(names)('%s as a broker writes it is read', async (name) => {
  const unpacked = await codecOf(name).decompress(Buffer.from(packed[name], 'base64'))
  expect(unpacked.length).toBe(312)
  expect(unpacked.subarray(8, -1).toString()).toBe(said)
})

test('a bare snappy block, as other libraries write it, is read', () => {
  const framed = Buffer.from(packed.snappy, 'base64')
  expect(unpackSnappy(framed.subarray(20), 1_000).subarray(8, -1).toString()).toBe(said)
})

function lengthOr(refused: number, unpack: () => Buffer): number {
  try {
    return unpack().length
  } catch {
    return refused
  }
}

describe.each(['snappy', 'lz4'] as const)('hostile %s', (name) => {
  const whole = Buffer.from(packed[name], 'base64')

  test('cut off anywhere it is refused', () => {
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => unpackers[name](whole.subarray(0, length), 1_000)).toThrow(/./u)
    }
  })

  test('with any letter changed it is refused or stays within the limit', () => {
    const lengths = Array.from(whole).flatMap((_, at) =>
      [0, 1, 0x7f, 0x80, 0xfe, 0xff].map((value) => {
        const changed = Buffer.from(whole)
        changed[at] = value
        return lengthOr(-1, () => unpackers[name](changed, 1_000))
      }),
    )
    expect(Math.max(...lengths)).toBeLessThanOrEqual(1_000)
    expect(lengths.filter((length) => length === -1).length).toBeGreaterThan(100)
  })

  test('what unpacks to more than allowed is refused', () => {
    expect(() => unpackers[name](whole, 311)).toThrow('more than')
  })
})

test.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)(
  'a batch that is no %s becomes records that say so, one for each',
  async (name) => {
    const batch = Buffer.concat([Buffer.of(0, 0, 0, 3), Buffer.from('no such thing')])
    const records = await codecOf(name satisfies CodecName).decompress(batch.subarray(4))
    expect(records.toString().match(/unreadable: its batch of 13 bytes/gu)).toHaveLength(3)
  },
)
