import { expect, it } from 'vitest'
import type { Resource, ResourceRef } from '#model'
import type { Judged, Look } from '#store'
import { setClock, type Subject } from './store.ts'

const ref: ResourceRef = { accountId: '111122223333', region: 'eu-west-1', type: 'AWS.S3.Bucket', id: 'arn:aws:s3:::ledger' }

function aState(number: number, given: Partial<Resource> = {}): Resource {
  return { ...ref, number, shape: 1, attributes: { Name: 'ledger' }, fetchedAt: new Date('2026-11-21T10:00:00Z'), ...given }
}
function aJudgement(number: number, given: Partial<Judged> = {}): Judged {
  const verdict = { number, outcomes: [{ detectionId: 'P', outcome: 'pass' as const, validUntil: null, lookedUp: [] }] }
  return { verdict, lookedUp: [], evaluatedWith: 'now', evaluateAt: new Date(Date.now() + 86_400_000), ...given }
}
function aLook(given: Partial<Look> = {}): Look {
  return { confirmed: true, bornAt: null, eventId: ref.id, changed: true, ...given }
}
const current = { fingerprints: new Map([['AWS.S3.Bucket', 'now']]), otherwise: 'others' }

export function statesContract(open: () => Promise<Subject>): void {
  it('stores a state as it was given, with its verdict', async () => {
    const { store } = await open()
    expect(await store.states.get(ref)).toBeNull()
    const number = await store.states.nextNumber()
    const attributes = { Name: 'ledger', Tags: { team: 'pay' }, Size: 12_345_678_901, Policy: '{"a":1}', Bad: 'a\0b\ud800c' }
    const judged = aJudgement(number)
    expect(await store.states.put(aState(number, { attributes }), judged, aLook())).toBe(true)
    expect(await store.states.get(ref)).toEqual({
      ...aState(number),
      verdict: judged.verdict,
      evaluatedWith: judged.evaluatedWith,
      evaluateAt: judged.evaluateAt,
      bornAt: null,
      confirmed: true,
      unread: null,
      attributes: { ...attributes, Bad: 'abc' },
      gone: false,
    })
    expect(await store.states.nextNumber()).toBeGreaterThan(number)
  })

  it('never lets an older look overwrite a newer one', async () => {
    const { store } = await open()
    expect(await store.states.put(aState(5), aJudgement(5), aLook())).toBe(true)
    expect(await store.states.put(aState(4, { attributes: {} }), aJudgement(4), aLook())).toBe(false)
    expect(await store.states.seen(ref, 4, true)).toBe(false)
    expect(await store.states.gone(ref, 4)).toBe(false)
    expect(await store.states.seen(ref, 6, true)).toBe(true)
    expect(await store.states.get(ref)).toMatchObject({ number: 6, attributes: { Name: 'ledger' }, gone: false })
    expect(await store.states.judged(ref, 5, aJudgement(5))).toBe(false)
    expect(await store.states.judged(ref, 6, aJudgement(6, { evaluatedWith: 'newer' }))).toBe(true)
    expect((await store.states.get(ref))?.evaluatedWith).toBe('newer')
  })

  it('keeps the last attributes of a gone resource, and brings it back', async () => {
    const { store } = await open()
    await store.states.put(aState(1), aJudgement(1), aLook())
    expect(await store.states.gone(ref, 2)).toBe(true)
    expect(await store.states.get(ref)).toMatchObject({ number: 2, gone: true, attributes: { Name: 'ledger' } })
    await store.states.put(aState(3), aJudgement(3), aLook())
    expect(await store.states.get(ref)).toMatchObject({ number: 3, gone: false })
  })

  it('says gone of a resource never seen, and writes nothing', async () => {
    const { store } = await open()
    expect(await store.states.gone(ref, 1)).toBe(true)
    expect(await store.states.seen(ref, 1, true)).toBe(false)
    expect(await store.states.get(ref)).toBeNull()
  })

  it('lends what must be judged again to one judge: an old fingerprint, an old shape, a time that came', async () => {
    const subject = await open()
    const { store } = subject
    const id = (name: string): string => `arn:aws:s3:::${name}`
    await store.states.put(aState(1, { id: id('good') }), aJudgement(1), aLook())
    await store.states.put(aState(2, { id: id('old') }), aJudgement(2, { evaluatedWith: 'before' }), aLook())
    await store.states.put(aState(3, { id: id('gone') }), aJudgement(3, { evaluatedWith: 'before' }), aLook())
    await store.states.gone({ ...ref, id: id('gone') }, 4)
    await store.states.put(aState(5, { id: id('due') }), aJudgement(5, { evaluateAt: new Date(Date.now() - 1_000) }), aLook())
    await store.states.put(aState(6, { id: id('shape'), shape: 2 }), aJudgement(6), aLook())
    await store.states.put(aState(7, { id: id('other'), type: 'AWS.KMS.Key' }), aJudgement(7, { evaluatedWith: 'others' }), aLook())
    const names = async (): Promise<readonly string[]> =>
      (await store.states.due(10, 30_000, { ...current, shapes: new Map([['AWS.S3.Bucket', 1]]) }))
        .map((state) => state.id)
        .toSorted()
    expect(await names()).toEqual([id('due'), id('old'), id('shape')])
    expect(await names()).toEqual([])
    expect(await store.states.judged({ ...ref, id: id('old') }, 2, aJudgement(2))).toBe(true)
    await setClock(subject, '31 seconds')
    expect(await names()).toEqual([id('due'), id('shape')])
  })

  it('shares a large re-judgement out between judges, without a state twice', async () => {
    const { store } = await open()
    for (let i = 0; i < 60; i += 1)
      await store.states.put(aState(i + 1, { id: `r-${i}` }), aJudgement(i + 1, { evaluatedWith: 'before' }), aLook())
    const batches = await Promise.all([1, 2, 3].map(() => store.states.due(10, 30_000, current)))
    const first = batches.flat().map((state) => state.id)
    expect(new Set(first).size).toBe(first.length)
    const rest = await store.states.due(60, 30_000, current)
    expect(new Set([...first, ...rest.map((state) => state.id)]).size).toBe(60)
  })
}
