import { expect, it } from 'vitest'
import { aBucket as ref, aJudgement, aLook, aState } from './store-builders.ts'
import { setClock, stopClock, type Subject } from './store.ts'

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
      judgedAt: expect.any(Date) as Date,
      judgedBy: null,
      bornAt: null,
      confirmed: true,
      unread: null,
      attributes: { ...attributes, Bad: 'abc' },
      gone: false,
    })
    expect(await store.states.nextNumber()).toBeGreaterThan(number)
  })

  it('writes the verdicts of many at once, but for those that moved on, are gone, or have a finding open', async () => {
    const { store } = await open()
    const names = ['fine', 'moved', 'gone', 'open']
    for (const [index, id] of names.entries()) await store.states.put(aState(index + 1, { id }), aJudgement(index + 1), aLook())
    await store.states.seen({ ...ref, id: 'moved' }, 10, true)
    await store.states.gone({ ...ref, id: 'gone' }, 11)
    const resource = { ...ref, id: 'open' }
    const finding = { detectionId: 'P', resource, key: '', origin: 'change', severity: 'LOW', title: 't' } as const
    await store.findings.open({ ...finding, context: {}, causes: [], differences: [] })
    const evaluateAt = new Date('2099-01-01T00:00:00Z')
    const list = names.map((id, index) => ({
      state: aState(index + 1, { id }),
      judged: aJudgement(index + 1, { evaluatedWith: 'newer', evaluateAt, lookedUp: ['other', 'a\0b'] }),
    }))
    expect(await store.states.judgedUneventful(list)).toEqual(new Set([0]))
    expect(await store.states.judgedUneventful([])).toEqual(new Set())
    const seen = (await store.states.among([...names, 'none'].map((id) => aState(1, { id })))).toSorted(
      (a, b) => a.number - b.number,
    )
    expect(seen.map(({ id }) => id)).toEqual(['fine', 'open', 'moved', 'gone'])
    expect(seen.map((state) => state?.evaluatedWith === 'newer')).toEqual([true, false, false, false])
    expect(seen[0]).toMatchObject({ evaluateAt, verdict: list[0]?.judged.verdict })
    await store.states.put(aState(20, { id: 'other' }), aJudgement(20), aLook({ changed: true }))
    expect(await store.states.due(10, 1, { fingerprints: new Map(), otherwise: 'newer' })).toContainEqual(
      expect.objectContaining({ id: 'fine' }),
    )
  })

  it('pages through present resources in the order of their keys, each once', async () => {
    const { store } = await open()
    for (const [index, id] of ['c', 'a', 'b', 'gone'].entries()) {
      await store.states.put(aState(index + 1, { id }), aJudgement(index + 1), aLook())
    }
    await store.states.gone({ ...ref, id: 'gone' }, 9)
    const first = await store.states.page(null, 2)
    expect(first.map(({ id }) => id)).toEqual(['a', 'b'])
    const rest = await store.states.page(first.at(-1) ?? null, 2)
    expect(rest.map(({ id }) => id)).toEqual(['c'])
    expect(await store.states.page(rest.at(-1) ?? null, 2)).toEqual([])
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

  it('keeps how a state came to be known: confirmed or not, when it was born, by which id events know it', async () => {
    const { store } = await open()
    const bornAt = new Date('2026-11-21T09:59:00Z')
    await store.states.put(aState(1), aJudgement(1), aLook({ confirmed: false, bornAt }))
    expect(await store.states.get(ref)).toMatchObject({ confirmed: false, bornAt })
    await store.states.put(aState(2), aJudgement(2), aLook())
    expect(await store.states.lock(ref)).toMatchObject({ confirmed: true, bornAt })
    await store.states.seen(ref, 3, false)
    expect(await store.states.get(ref)).toMatchObject({ number: 3, confirmed: false, bornAt })
    await store.states.gone(ref, 4)
    await store.states.put(aState(5), aJudgement(5), aLook())
    expect(await store.states.get(ref)).toMatchObject({ confirmed: true, bornAt: null })
  })

  it('notes since when and why a resource cannot be read, until a look succeeds', async () => {
    const subject = await open()
    const { states } = subject.store
    await states.unread(ref, 'denied')
    expect(await states.get(ref)).toBeNull()
    await states.put(aState(1), aJudgement(1), aLook())
    const clock = await stopClock(subject)
    await states.unread(ref, 'denied')
    const since = (await states.get(ref))?.unread?.since
    await clock(60_000)
    await states.unread(ref, 'denied')
    expect(await states.get(ref)).toMatchObject({ unread: { cause: 'denied', since }, attributes: { Name: 'ledger' }, gone: false })
    await states.unread(ref, 'region-off')
    expect((await states.get(ref))?.unread).toEqual({ cause: 'region-off', since: new Date((since?.getTime() ?? 0) + 60_000) })
    const looks = [() => states.seen(ref, 2, true), () => states.put(aState(3), aJudgement(3), aLook()), () => states.gone(ref, 4)]
    for (const look of looks) {
      await states.unread(ref, 'denied')
      expect(await look()).toBe(true)
      expect((await states.get(ref))?.unread).toBeNull()
    }
  })

  it('knows which resource an event means: the one of that id, else the present one that events know by it', async () => {
    const { store } = await open()
    const { states } = store
    const role = (region: string, id: string) => ({ accountId: '111122223333', region, type: 'AWS.IAM.Role', id })
    const asked = role('us-east-1', 'arn:aws:iam::111122223333:role/deploy')
    const true1 = role('global', 'arn:aws:iam::111122223333:role/ci/deploy')
    const true2 = role('us-east-1', 'arn:aws:iam::111122223333:role/cd/deploy')
    expect(await states.meant(asked)).toBeNull()
    await states.put(aState(1, true1), aJudgement(1), aLook({ eventId: asked.id }))
    expect(await states.meant(asked)).toEqual(true1)
    expect(await states.meant({ ...true1, region: 'eu-west-1' })).toBeNull()
    expect(await states.meant({ ...asked, accountId: '444455556666' })).toBeNull()
    expect(await states.meant({ ...asked, type: 'AWS.IAM.User' })).toBeNull()
    await states.put(aState(2, true2), aJudgement(2), aLook({ eventId: asked.id }))
    expect(await states.meant(asked)).toEqual(true2)
    await states.gone(true2, 3)
    expect(await states.meant(asked)).toEqual(true1)
    await states.put(aState(4, asked), aJudgement(4), aLook({ eventId: asked.id }))
    await states.gone(asked, 5)
    expect(await states.meant(asked)).toEqual(asked)
    await states.put(aState(6, role('global', 'plain')), aJudgement(6), aLook({ eventId: 'plain' }))
    expect(await states.meant(role('us-east-1', 'plain'))).toEqual(role('global', 'plain'))
  })

  it('reads attributes of present resources by id, of any account', async () => {
    const { store } = await open()
    const other = { accountId: '444455556666', type: 'AWS.KMS.Key', id: 'arn:aws:kms:::key/1', attributes: { Rotates: true } }
    await store.states.put(aState(1), aJudgement(1), aLook())
    await store.states.put(aState(2, other), aJudgement(2), aLook())
    await store.states.put(aState(3, { ...other, accountId: '999900001111', attributes: {} }), aJudgement(3), aLook())
    await store.states.put(aState(4, { id: 'gone' }), aJudgement(4), aLook())
    await store.states.gone({ ...ref, id: 'gone' }, 5)
    const found = await store.states.attributes([ref.id, other.id, other.id, 'gone', 'unknown', 'x'.repeat(5_000), 'a\0b'])
    expect(found).toEqual(
      new Map<string, unknown>([
        [ref.id, { Name: 'ledger' }],
        [other.id, other.attributes],
      ]),
    )
    expect(await store.states.attributes([])).toEqual(new Map())
  })

  it('finds resources for people by id, end of id or name, exact ones first, present ones first, so many at most', async () => {
    const { store } = await open()
    const { states } = store
    const ids = [
      'ledger',
      'arn:aws:s3:::ledger',
      'arn:aws:iam::1:role/ledger',
      'arn:aws:iam::1:role/the-ledger',
      'sg-1',
      'a/LEDGER',
    ]
    for (const [index, id] of ids.entries()) {
      const attributes = id === 'sg-1' ? { Name: 'ledger' } : { Name: 'other' }
      await states.put(aState(index + 1, { id, attributes }), aJudgement(1), aLook())
    }
    await states.gone({ ...ref, id: 'arn:aws:iam::1:role/ledger' }, 10)
    const found = async (text: string, limit = 10) =>
      (await states.find(text, limit)).map(({ id, gone }) => (gone ? `${id} gone` : id))
    expect(await found('ledger')).toEqual(['ledger', 'arn:aws:s3:::ledger', 'arn:aws:iam::1:role/ledger gone', 'sg-1'])
    expect(await found('ledger', 2)).toHaveLength(2)
    expect(await found('role/the-ledger')).toEqual(['arn:aws:iam::1:role/the-ledger'])
    expect(await found('edger')).toEqual([])
    for (const wild of ['%', '_edger', '%ledger', '\\', '']) expect(await found(wild)).toEqual([])
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
