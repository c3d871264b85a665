import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { IngestError, openFileSource, readFiles } from '#ingest'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tripline-files-'))
})
afterAll(() => rm(folder, { recursive: true }))

const never = new AbortController().signal

async function write(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name)
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, content)
  return path
}

async function bodiesOf(...paths: readonly string[]): Promise<readonly string[]> {
  return (await Array.fromAsync(readFiles(paths))).map(({ body }) => body)
}

test('a folder is read through, packed or not, by name', async () => {
  await write('tree/b.json.gz', gzipSync('{"Records":[{"n":2},{"n":3}]}'))
  await write('tree/a/1.json', '{"n":1}')
  await write('tree/c.ndjson', '{"n":4}\n{"n":5}\n')
  await write('tree/readme.txt', 'not mine')
  expect(await bodiesOf(join(folder, 'tree'))).toEqual(['{"n":1}', '{"n":2}', '{"n":3}', '{"n":4}', '{"n":5}'])
})

test('a packed file is known by its content, not by its name', async () => {
  expect(await bodiesOf(await write('packed.log', gzipSync('[{"n":1}]')))).toEqual(['{"n":1}'])
})

test('letters that two chunks share stay whole', async () => {
  const text = '€'.repeat(200_000)
  expect(await bodiesOf(await write('wide.json', JSON.stringify([{ text }])))).toEqual([JSON.stringify({ text })])
})

test.each([
  ['a file that is not there', () => Promise.resolve(join(folder, 'nowhere')), 'ENOENT'],
  ['a folder without records', async () => join(await write('empty/readme.txt', ''), '..'), '*.json'],
  ['a packed file that is cut off', () => write('cut.json.gz', gzipSync('x'.repeat(10_000)).subarray(0, 30)), 'cut.json.gz'],
])('%s is a clear error', async (_, path, words) => {
  const read = bodiesOf(await path())
  await expect(read).rejects.toThrow(IngestError)
  await expect(read).rejects.toMatchObject({ code: 'unreadable', message: expect.stringContaining(words) as string })
})

test('a file that unpacks to far more than it holds is refused', async () => {
  const bomb = await write('bomb.json.gz', gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20)))
  await expect(bodiesOf(bomb)).rejects.toMatchObject({ code: 'gzip-bomb' })
})

test('a file source hands over everything, and again what was not taken', async () => {
  const path = await write('many.ndjson', Array.from({ length: 450 }, (_, n) => `{"n":${n}}`).join('\n'))
  const seen = new Map<string, number>()
  await openFileSource([path]).run((batch) => {
    for (const { id } of batch) seen.set(id, (seen.get(id) ?? 0) + 1)
    const again = batch.filter(({ body, id }) => body === '{"n":7}' && seen.get(id) === 1)
    return Promise.resolve(new Set(again.map(({ id }) => id)))
  }, never)
  expect(seen.size).toBe(450)
  expect(seen.get(`${path}#7`)).toBe(2)
  expect(seen.get(`${path}#8`)).toBe(1)
})

test('what is never taken ends the run with its name', async () => {
  const path = await write('poison.json', '{"n":1}')
  const source = openFileSource([path])
  await expect(source.run(() => Promise.reject(new Error('no')), never)).rejects.toMatchObject({
    code: 'not-taken',
    message: expect.stringContaining('poison.json#0') as string,
  })
})
