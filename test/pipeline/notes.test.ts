import { afterAll, expect, test } from 'vitest'
import type { AlertContent, RoutedTo } from '#model'
import { noteBroken } from '#pipeline'
import { ConfigError } from '#runtime'
import type { Store } from '#store'
import { noteFailures, reasonOf } from '../../services/pipeline/notes.ts'
import { InventoryError } from '#inventory'
import { AwsError } from '#aws'
import { toInventoryError } from '../../services/inventory/error.ts'
import { freshStore } from '../support/database.ts'

const store: Store = await freshStore()
afterAll(() => store[Symbol.asyncDispose]())

const operators: RoutedTo = { destination: 'slack', channel: 'ops', team: null, because: 'operators' }
const tell = { route: () => [operators] } as unknown as Parameters<typeof noteBroken>[0]['tell']

async function told(): Promise<readonly AlertContent[]> {
  const leased = await store.deliveries.lease(10, 60_000)
  for (const delivery of leased) await store.deliveries.sent(delivery, { ts: '1' })
  return leased.map(({ content }) => content)
}

test('detections that cannot be loaded are told once, and anew when they are others', async () => {
  const broken = Array.from({ length: 11 }, (_, index) => ({ file: `policies/${index}.ts`, message: 'line 1: SyntaxError' }))
  await noteBroken({ tell, store }, [])
  expect(await told()).toEqual([])
  await noteBroken({ tell, store }, broken)
  await noteBroken({ tell, store }, broken)
  const [note, ...more] = await told()
  expect(more).toEqual([])
  expect(note).toMatchObject({ kind: 'note', title: '11 detections are not loaded' })
  expect(note).toHaveProperty('text', expect.stringContaining('policies/9.ts: line 1: SyntaxError\nand 1 more\n'))
  await noteBroken({ tell, store }, broken.slice(0, 1))
  expect(await told()).toMatchObject([{ title: '1 detection is not loaded' }])
})

test('only of events it is said that they are in quarantine', async () => {
  const observe = { detectionFailed: () => undefined } as unknown as Parameters<typeof noteFailures>[0]['observe']
  const failure = (detectionId: string) => [{ detectionId, reason: 'threw' as const, message: 'Error: x' }]
  await store.transaction(async (records) => {
    await noteFailures({ tell, observe }, records, failure('Rule'), 'events')
    await noteFailures({ tell, observe }, records, failure('Policy'), 'resources')
  })
  const texts = []
  for (let notes = await told(); notes.length > 0; notes = await told())
    texts.push(...notes.map((note) => (note.kind === 'note' ? note.text : '')))
  expect(texts.filter((text) => text.includes('in quarantine'))).toHaveLength(1)
  expect(texts.filter((text) => text.includes('open findings stay open'))).toHaveLength(1)
})

test('a reason says neither what was attempted nor the name of a class', () => {
  const call = { service: 'waf', operation: 'ListWebACLs', accountId: '111111111111', region: 'us-east-1' }
  const error = toInventoryError(
    new AwsError('unavailable', call, 'SyntaxError', 'HTTP 500'),
    'list AWS.WAF.WebACL of account 111111111111',
  )
  expect(error).toBeInstanceOf(InventoryError)
  expect(reasonOf(error)).toBe('waf ListWebACLs: unavailable (SyntaxError): HTTP 500')
  expect(reasonOf(new ConfigError('invalid', 'words'))).toBe('ConfigError: words')
})
