import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import type { BundleAct, NewBundle } from '#store'
import { aBucket, aJudgement, aLook, aState } from './store-builders.ts'
import type { Subject } from './store.ts'

const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
const act: BundleAct = { by: 'ada@laptop', origin: '/detections', message: 'first', forced: false }

function aBundle(files: Readonly<Record<string, string>>): NewBundle {
  const given = Object.entries(files).map(([path, text]) => ({ path, text, digest: hash(text) }))
  const detections = [{ id: 'Acme.One', kind: 'policy' as const, fingerprint: hash(JSON.stringify(files)) }]
  return { digest: hash(JSON.stringify(given)), files: given, detections }
}

export function bundlesContract(open: () => Promise<Subject>): void {
  it('keeps uploaded bundles in versions: the same content is no new one, and of what was done nothing is ever lost', async () => {
    const subject = await open()
    const { bundles } = subject.store
    expect(await bundles.active()).toEqual({ activation: 0, number: 0 })
    expect(await bundles.goBack(null, act)).toBeNull()
    const one = aBundle({ 'policies/a.ts': 'a', 'lib/b.ts': 'b', 'lib/copy.ts': 'b', 'large.json': `"${'é'.repeat(700_000)}"` })
    const two = aBundle({ 'policies/a.ts': 'a2', 'lib/b.ts': 'b' })
    expect(await bundles.add(one, act)).toEqual({ activation: 1, number: 1, added: true, activated: true })
    expect(await bundles.add(one, { ...act, by: 'bob' })).toEqual({ activation: 1, number: 1, added: false, activated: false })
    expect(await bundles.add(two, { ...act, by: 'bob', message: 'nul\0', forced: true })).toMatchObject({
      activation: 2,
      number: 2,
    })
    expect(await bundles.files(1)).toEqual(
      one.files.map(({ path, text }) => ({ path, text })).toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    )
    expect(await bundles.files(2)).toHaveLength(2)
    expect(await bundles.files(3)).toEqual([])

    expect(await bundles.goBack(null, { ...act, by: 'eve', origin: null })).toMatchObject({
      activation: 3,
      number: 1,
      activated: true,
    })
    expect(await bundles.goBack(1, act)).toMatchObject({ activation: 3, activated: false })
    expect(await bundles.goBack(9, act)).toBeNull()
    expect(await bundles.add(two, act)).toEqual({ activation: 4, number: 2, added: false, activated: true })
    expect(await bundles.goBack(0, act)).toMatchObject({ activation: 5, number: 0 })
    expect(await bundles.goBack(null, act)).toMatchObject({ activation: 6, number: 2 })
    expect(await bundles.active()).toEqual({ activation: 6, number: 2 })

    expect(await bundles.list(10)).toMatchObject([
      { number: 2, by: 'bob', message: 'nul', forced: true, files: 2, active: true, detections: two.detections },
      { number: 1, by: 'ada@laptop', origin: '/detections', message: 'first', forced: false, files: 4, active: false },
    ])
    expect(await bundles.get(1)).toMatchObject({ number: 1, digest: one.digest })
    expect(await bundles.get(7)).toBeNull()
    expect((await bundles.acts(10)).map(({ activation, number, how, by }) => [activation, number, how, by])).toEqual([
      [6, 2, 'rollback', 'ada@laptop'],
      [5, 0, 'rollback', 'ada@laptop'],
      [4, 2, 'upload', 'ada@laptop'],
      [3, 1, 'rollback', 'eve'],
      [2, 2, 'upload', 'bob'],
      [1, 1, 'upload', 'ada@laptop'],
    ])
    for (const table of ['bundles', 'bundle_files', 'bundle_activations'])
      await expect(subject.sql(`delete from ${table}`)).rejects.toThrow('only ever added')
  })

  it('numbers uploads that come at once one after the other, and a transaction that depends on one holds it', async () => {
    const { store } = await open()
    const made = await Promise.all([1, 2, 3, 4].map((each) => store.bundles.add(aBundle({ 'a.ts': String(each) }), act)))
    expect(new Set(made.map(({ number }) => number))).toEqual(new Set([1, 2, 3, 4]))
    expect(new Set(made.map(({ activation }) => activation))).toEqual(new Set([1, 2, 3, 4]))
    const order: string[] = []
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
    const uploaded = held
      .then(() => store.bundles.add(aBundle({ 'a.ts': 'held' }), act))
      .then(({ number }) => order.push(`uploaded ${number}`))
    await store.transaction(async ({ bundles }) => {
      expect(await bundles.isActive(3)).toBe(false)
      expect(await bundles.isActive(4)).toBe(true)
      letGo()
      await new Promise((resolve) => setTimeout(resolve, 50))
      order.push('depended')
    })
    await uploaded
    expect(order).toEqual(['depended', 'uploaded 5'])
  })

  it('leaves what was judged under a later activation to those who know that one', async () => {
    const { store } = await open()
    const { states } = store
    const judged = { ...aJudgement(1), evaluatedWith: 'new', judgedBy: 5 }
    await states.put(aState(1), judged, aLook())
    expect(await states.get(aBucket)).toMatchObject({ judgedBy: 5 })
    const due = (judgedBy: number | null) => states.due(10, 0, { fingerprints: new Map(), otherwise: 'old', judgedBy })
    expect(await due(4)).toEqual([])
    expect(await due(null)).toHaveLength(1)
    expect(await due(5)).toHaveLength(1)
    expect(await states.judged(aBucket, 1, { ...judged, judgedBy: 6 })).toBe(true)
    expect(await due(5)).toEqual([])
    expect((await states.judgedUneventful([{ state: aState(1), judged: { ...judged, judgedBy: 7 } }])).size).toBe(1)
    expect(await due(6)).toEqual([])
    expect(await due(7)).toHaveLength(1)
  })
}
