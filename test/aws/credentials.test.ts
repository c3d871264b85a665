import { expect, test } from 'vitest'
import { createCredentialCache, type Assumed } from '../../services/aws/credentials.ts'

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
