import { expect, test } from 'vitest'
import { createCredentialCache, type Assumed } from '../../services/aws/credentials.ts'
import { AwsError } from '#aws'

/** A cache with a clock and an STS of our own. */
function aCache(lifeMs = 1_000) {
  let time = 0
  let calls = 0
  let broken = false
  const assume = (): Promise<Assumed> => {
    calls += 1
    if (broken) return Promise.reject(new Error('STS is away'))
    return Promise.resolve({ credentials: { accessKeyId: `key-${calls}`, secretAccessKey: 's', sessionToken: 't' }, lifeMs })
  }
  const cache = createCredentialCache(assume, () => time)
  return {
    cache,
    keyAt: async (at: number) => {
      time = at
      return (await cache.of('a')).accessKeyId
    },
    calls: () => calls,
    break: (value: boolean) => (broken = value),
  }
}

test('credentials are kept until a fifth of their life is left', async () => {
  const { keyAt, calls } = aCache()
  expect(await keyAt(0)).toBe('key-1')
  expect(await keyAt(799)).toBe('key-1')
  expect(calls()).toBe(1)
})

test('in the last fifth they are renewed beside the work, once', async () => {
  const { keyAt, calls } = aCache()
  await keyAt(0)
  expect(await Promise.all([keyAt(850), keyAt(850), keyAt(850)])).toEqual(['key-1', 'key-1', 'key-1'])
  expect(calls()).toBe(2)
  expect(await keyAt(851)).toBe('key-2')
})

test('a failed renewal leaves the old ones in use while they live', async () => {
  const own = aCache()
  await own.keyAt(0)
  own.break(true)
  expect(await own.keyAt(900)).toBe('key-1')
  expect(await own.keyAt(950)).toBe('key-1')
  await expect(own.keyAt(1_001)).rejects.toThrow('STS is away')
  own.break(false)
  expect(await own.keyAt(1_002)).toMatch(/^key-/)
})

test('refused credentials are forgotten, unless they have been renewed already', async () => {
  const { cache, calls } = aCache()
  const first = await cache.of('a')
  cache.forget('a', first)
  const second = await cache.of('a')
  expect(second).not.toBe(first)
  cache.forget('a', first)
  expect(await cache.of('a')).toBe(second)
  expect(calls()).toBe(2)
})

test.each([1, 2, 3])(
  'with tokens of 20 to 60 s and an STS that fails 3 times in 10, at most 1.6 × the ideal is asked (seed %i)',
  async (seed) => {
    let time = 0
    let tries = 0
    const lives: number[] = []
    const random = randomFrom(seed)
    const ends = new Map<string, number>()
    const call = { service: 'sts', operation: 'AssumeRole', accountId: 'x', region: 'eu-west-1' }
    // As `send` does it: three tries a question.
    const assume = (key: string): Promise<Assumed> => {
      for (let attempt = 0; attempt < 3; attempt += 1) {
        tries += 1
        if (random() < 0.3) continue
        const lifeMs = 20_000 + random() * 40_000
        lives.push(lifeMs)
        const accessKeyId = `${key}-${lives.length}`
        ends.set(accessKeyId, time + lifeMs)
        return Promise.resolve({ credentials: { accessKeyId, secretAccessKey: 's', sessionToken: 't' }, lifeMs })
      }
      return Promise.reject(new AwsError('unavailable', call, 'InternalFailure'))
    }
    const cache = createCredentialCache(assume, () => time)
    const accounts = Array.from({ length: 10 }, (_, index) => `account${index}`)
    const counts = { putBack: 0, lost: 0, expired: 0, foreign: 0 }
    const totalMs = 3_600_000
    for (; time < totalMs; time += 500) {
      for (const key of accounts) {
        try {
          const { accessKeyId } = await cache.of(key)
          if ((ends.get(accessKeyId) ?? 0) <= time) counts.expired += 1
          if (!accessKeyId.startsWith(`${key}-`)) counts.foreign += 1
        } catch (error) {
          if (error instanceof AwsError && error.retryable) counts.putBack += 1
          else counts.lost += 1
        }
      }
    }
    const meanMs = lives.reduce((sum, ms) => sum + ms, 0) / lives.length
    const ideal = (accounts.length * totalMs) / (meanMs * 0.8)
    expect(tries / ideal).toBeLessThanOrEqual(1.6)
    // Only first questions may have to be put back: later there is a fifth of a life to try again.
    expect(counts).toEqual({ putBack: expect.any(Number), lost: 0, expired: 0, foreign: 0 })
    expect(counts.putBack).toBeLessThan(accounts.length)
  },
)

function randomFrom(seed: number): () => number {
  let state = seed
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647
}
