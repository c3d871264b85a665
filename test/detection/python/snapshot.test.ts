import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { evaluatorDefaults } from '../../../services/detection/create-evaluator.ts'
import { createCacheLink } from '../../../services/detection/python/cache-link.ts'
import { loadPython } from '../../../services/detection/python/load.ts'
import { openPython } from '../../../services/detection/python/open-python.ts'
import { orderSnapshot, readSnapshot, snapshotPath } from '../../../services/detection/python/snapshot.ts'
import { aBody, trust, type Folder } from '../world.ts'
import { aRepository } from './world.ts'

let folder: Folder
let cache: string
let snapshot: string
beforeAll(async () => {
  folder = await aRepository({
    Dice: {
      code: 'import random\nimport unittest.mock\ndef rule(event): return True\ndef title(event): return str(random.random())',
    },
  })
  // Only beside the packages may evaluators read it.
  const folderOf = dirname(snapshotPath())
  await mkdir(folderOf, { recursive: true })
  cache = await mkdtemp(join(folderOf, 'test-'))
  snapshot = join(cache, 'kept/python.snapshot')
  orderSnapshot(snapshot)
  // Ordered twice, it is made once.
  orderSnapshot(snapshot)
  await vi.waitFor(() => expect(existsSync(snapshot)).toBe(true), { timeout: 60_000, interval: 50 })
}, 70_000)
afterAll(async () => {
  await folder[Symbol.asyncDispose]()
  await rm(cache, { recursive: true })
})

async function titleOf(from: string): Promise<string | undefined> {
  const read = loadPython({ folders: [folder.path], bundle: null, disabled: [] })
  const options = { ...evaluatorDefaults, trust, cache: createCacheLink(null), index: true, snapshot: from }
  await using evaluator = await openPython(read, options)
  const [[, records = []] = []] = await evaluator.judgeBodies([aBody({ eventName: 'A' })])
  return records[0]?.matches[0]?.title
}

test('Python begins with a snapshot, and its dice fall differently in each process', async () => {
  expect(readSnapshot(snapshot)?.length).toBeGreaterThan(10_000_000)
  expect(await readdir(join(cache, 'kept'))).toEqual(['python.snapshot'])
  const [one, other] = await Promise.all([titleOf(snapshot), titleOf(snapshot)])
  expect(Number(one)).toBeGreaterThan(0)
  expect(other).not.toBe(one)
}, 60_000)

test('a snapshot that is not whole is refused, and Python starts without one that it cannot use', async () => {
  const content = await readFile(snapshot)
  content[20_000_000] = (content[20_000_000] ?? 0) ^ 1
  const broken = join(cache, 'broken.snapshot')
  await writeFile(broken, content)
  expect(() => readSnapshot(broken)).toThrow('is not what was written; it may be removed')
  expect(readSnapshot(join(cache, 'none.snapshot'))).toBeNull()

  const bytes = Buffer.alloc(31_457_280)
  await writeFile(broken, Buffer.concat([createHash('sha256').update(bytes).digest(), bytes]))
  expect(Number(await titleOf(broken))).toBeGreaterThan(0)
}, 60_000)
