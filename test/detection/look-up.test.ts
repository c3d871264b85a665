import { describe, expect, test, vi } from 'vitest'
import type { LookUp } from '#detection'
import type { JsonObject, Outcome } from '#model'
import { openBundles } from '../../services/detection/bundle.ts'
import { evaluatorDefaults } from '../../services/detection/create-evaluator.ts'
import { judgeResources } from '../../services/detection/judge-resources.ts'
import { openRunner } from '../../services/detection/runner.ts'
import { aBucket, aFolder, anEvaluator, aPolicy, trust } from './world.ts'

// What the attempts print is of no interest here.
vi.hoisted(() => (process.env['TRIPLINE_LOG'] = 'silent'))

type Known = Readonly<Record<string, JsonObject>> | ReadonlyMap<string, JsonObject>

/** A store of other resources that remembers what it was asked for. */
function aStore(known: Known = {}): { readonly lookUp: LookUp; readonly asked: (readonly string[])[] } {
  const all: ReadonlyMap<string, JsonObject> = known instanceof Map ? known : new Map(Object.entries(known))
  const asked: (readonly string[])[] = []
  const lookUp: LookUp = async (ids) => {
    asked.push(ids)
    const found = ids.flatMap((id) => {
      const attributes = all.get(id)
      return attributes === undefined ? [] : [[id, attributes] as const]
    })
    return await Promise.resolve(new Map(found))
  }
  return { lookUp, asked }
}

/** The text of a policy whose code has `resource` and `lookUp`. */
function aLooker(id: string, code: string, slots = ''): string {
  return aPolicy(id, code, { slots }).replace('(resource)', '(resource, { lookUp })')
}

/** What policies of the given codes say of one bucket, in order. */
async function judge(codes: readonly string[], store = aStore()): Promise<readonly (Outcome | undefined)[]> {
  const files = codes.map((code, index) => [`${index}.ts`, aLooker(`Policy${index}`, code)] as const)
  await using evaluator = await anEvaluator(Object.fromEntries(files))
  expect(evaluator.broken).toEqual([])
  const [judged] = await evaluator.judgeResources([aBucket()], store.lookUp)
  return codes.map((_, index) => judged?.outcomes.find(({ detectionId }) => detectionId === `Policy${index}`))
}

function shown(outcome: Outcome | undefined): string {
  if (outcome === undefined) return 'nothing'
  if (outcome.outcome === 'unknown') return `${outcome.failure.reason}: ${outcome.failure.message}`
  return `${outcome.outcome} after ${'lookedUp' in outcome ? outcome.lookedUp.join() : 'nothing'}`
}

describe('a policy that looks up other resources', () => {
  test('is given those that are known and null for the others, and its outcome names both', async () => {
    const store = aStore({ key: { Name: 'key', Enabled: false } })
    const said = await judge(
      [
        `return lookUp('key')?.Enabled !== false && lookUp('none') === null`,
        `return lookUp('none') === null && lookUp('key')?.Name === 'key'`,
        `return lookUp('key')?.Name === 'key' ? [{ key: 'a', title: String(lookUp('other')) }] : true`,
      ],
      store,
    )
    expect(said.map(shown)).toEqual(['fail after key', 'pass after none,key', 'fail after key,other'])
    expect(said[2]).toMatchObject({ violations: [{ key: 'a', title: 'null' }] })
    // All policies in one question; the second is what only the answer to the first led to.
    expect(store.asked.map((ids) => ids.toSorted())).toEqual([
      ['key', 'none'],
      ['key', 'other'],
    ])
  })

  test('may do so in its words too', async () => {
    const slots = `title: (_, { lookUp }) => \`of \${lookUp('owner')?.Name}\`, context: (_, { lookUp }) => ({ owner: lookUp('owner')?.Name }),
severityOf: (_, { lookUp }) => lookUp('owner') === null ? 'LOW' : 'CRITICAL', dedup: (_, { lookUp }) => String(lookUp('team')?.Name),`
    await using evaluator = await anEvaluator({ 'a.ts': aLooker('Words', 'return false', slots) })
    const store = aStore({ owner: { Name: 'mallory' }, team: { Name: 'shop' } })
    const [judged] = await evaluator.judgeResources([aBucket()], store.lookUp)
    expect(judged?.outcomes).toEqual([
      {
        detectionId: 'Words',
        outcome: 'fail',
        violations: [{ key: '', title: 'of mallory', severity: 'CRITICAL', dedup: 'shop', context: { owner: 'mallory' } }],
        validUntil: null,
        lookedUp: ['owner', 'team'],
      },
    ])
    expect(store.asked).toEqual([['owner', 'team']])
  })

  test('sees itself as it is judged, not as it was stored', async () => {
    const said = await judge(
      [`return lookUp(resource.ResourceId)?.Name === 'exports'`],
      aStore({ 'arn:aws:s3:::exports': { Name: 'old' } }),
    )
    expect(said.map(shown)).toEqual(['pass after arn:aws:s3:::exports'])
  })

  test('cannot write to what it is given', async () => {
    const said = await judge(
      [
        `(lookUp('key') as { Deep?: { Name: string } } | null)?.Deep && ((lookUp('key') as never as { Deep: { Name: string } }).Deep.Name = 'changed'); return true`,
        `return (lookUp('key') as { Deep?: { Name: string } } | null)?.Deep?.Name === 'key'`,
      ],
      aStore({ key: { Deep: { Name: 'key' } } }),
    )
    expect(said.map(shown)).toEqual([expect.stringMatching(/^threw: TypeError: Cannot assign to read only/u), 'pass after key'])
  })

  test('is run again alone, and one that looks nothing up costs no second run and no question', async () => {
    await using folder = await aFolder({
      'a.ts': aLooker('Looks', `return resource.Name === 'exports' || lookUp('key') === null`),
      'b.ts': aPolicy('Plain', 'return true'),
    })
    const base = { ...evaluatorDefaults, role: 'policy', bundles: openBundles([folder.path]), trust } as const
    await using runner = await openRunner(base)
    const runs: (readonly string[])[] = []
    const recorded = {
      run: async (kind: number, texts: readonly string[]): Promise<unknown> => {
        runs.push(texts)
        return await runner.run(kind, texts)
      },
    }
    const texts = ['exports', 'logs'].map((Name) => JSON.stringify({ ...aBucket({ Name }), id: Name }))
    const store = aStore()
    await judgeResources(recorded, texts.slice(0, 1), store.lookUp)
    expect([runs.length, store.asked.length]).toEqual([1, 0])
    const judged = await judgeResources(recorded, texts, store.lookUp)
    expect(judged.map((outcomes) => outcomes.map(({ outcome }) => outcome))).toEqual([
      ['pass', 'pass'],
      ['pass', 'pass'],
    ])
    expect(runs.slice(1)).toEqual([texts, ['[["key",null]]', `["Looks",${texts[1]}]`]])
  })

  test('that dies over what it was given is named, and the others are judged', async () => {
    const said = await judge(
      [`if (lookUp('key') !== null) for (;;); return true`, `return lookUp('key') === null`],
      aStore({ key: {} }),
    )
    expect(said.map(shown)).toEqual(['timeout: did not answer within 250 ms', 'fail after key'])
  })

  test("waits for a store that cannot be read: the error is the caller's, and the next time goes well", async () => {
    await using evaluator = await anEvaluator({ 'a.ts': aLooker('Looks', `return lookUp('key') === null`) })
    const broken = evaluator.judgeResources([aBucket()], async () => await Promise.reject(new Error('no database')))
    await expect(broken).rejects.toThrow('no database')
    const [judged] = await evaluator.judgeResources([aBucket()], aStore().lookUp)
    expect(judged?.outcomes.map(shown)).toEqual(['pass after key'])
  })
})

describe('limits', () => {
  const chain = (length: number): Known =>
    Object.fromEntries(Array.from({ length }, (_, index) => [`r${index}`, { Next: `r${index + 1}` }]))
  const walk = (steps: number): string =>
    `let id = 'r0'; for (let step = 0; step < ${steps}; step += 1) id = String(lookUp(id)?.Next ?? id); return id === 'r${steps}'`

  test('five rounds: a chain of five is followed, one of six is unknown', async () => {
    const store = aStore(chain(6))
    expect((await judge([walk(5)], store)).map(shown)).toEqual(['pass after r0,r1,r2,r3,r4'])
    expect(store.asked).toHaveLength(5)
    expect((await judge([walk(6)], store)).map(shown)).toEqual(['threw: still looked up new resources after 5 rounds; allowed: 5'])
    expect(store.asked).toHaveLength(10)
  })

  test('100 resources, which need no more than one round', async () => {
    const many = (count: number): string =>
      `let found = 0; for (let one = 0; one < ${count}; one += 1) found += lookUp(\`r\${one}\`) === null ? 0 : 1; return found === ${count}`
    const store = aStore(chain(200))
    const said = await judge([many(100), many(100).replace('return', `lookUp('r0'); return`), many(101)], store)
    expect(said.map((outcome) => shown(outcome).slice(0, 60))).toEqual([
      expect.stringMatching(/^pass after r0,r1,/u),
      expect.stringMatching(/^pass after r0,r1,/u),
      'threw: looked up more than 100 resources; allowed: 100',
    ])
    expect(store.asked).toHaveLength(1)
  })

  test('10,000 resources for a batch are read 1,000 at a time and every answer finds its policy', async () => {
    const code = `let found = 0
for (let one = 0; one < 100; one += 1) found += Number(lookUp(\`\${resource.Name}/\${one}\`)?.Number ?? 0)
return [{ key: String(found) }]`
    await using evaluator = await anEvaluator({ 'a.ts': aLooker('Sums', code) }, { timeoutMs: 5_000 })
    const names = Array.from({ length: 100 }, (_, index) => `bucket${index}`)
    const known = new Map(
      names.flatMap((name, at) => Array.from({ length: 100 }, (_, one) => [`${name}/${one}`, { Number: at }] as const)),
    )
    const store = aStore(known)
    const judged = await evaluator.judgeResources(
      names.map((Name) => aBucket({ Name })),
      store.lookUp,
    )
    expect(judged.map(({ outcomes: [said] }) => (said?.outcome === 'fail' ? said.violations[0]?.key : shown(said)))).toEqual(
      names.map((_, index) => String(index * 100)),
    )
    expect(store.asked.map((ids) => ids.length)).toEqual(Array.from({ length: 10 }, () => 1_000))
  })

  test('4 MiB of attributes: what is larger is unknown for the policies that wanted it, and only for them', async () => {
    const store = aStore({ huge: { Text: 'x'.repeat(4_194_304) }, large: { Text: 'x'.repeat(4_000_000) }, small: { Text: 'x' } })
    const said = await judge(
      [`return lookUp('huge') !== null`, `return lookUp('large') !== null`, `return lookUp('small') !== null`],
      store,
    )
    expect(said.map(shown)).toEqual([
      'threw: looked up 4194319 characters of JSON; allowed: 4194304',
      'pass after large',
      'pass after small',
    ])
  })
})

describe('attacks', () => {
  test('code that catches everything cannot turn a missing resource, or a refused look-up, into a verdict', async () => {
    const said = await judge(
      [
        `try { return lookUp('key')!.Public !== true } catch { return true }`,
        `let good = true; for (const id of ['none', 'key']) { try { if (lookUp(id)?.Public) good = false } catch {} } return good`,
        `try { lookUp(7 as never) } catch {} return true`,
        `for (let one = 0; one < 200; one += 1) try { lookUp(\`r\${one}\`) } catch {} return true`,
      ],
      aStore({ key: { Public: true } }),
    )
    expect(said.map(shown)).toEqual([
      'fail after key',
      'fail after none,key',
      'threw: lookUp was given number; allowed: the id of a resource',
      'threw: looked up more than 100 resources; allowed: 100',
    ])
  })

  test('code that looks up without end is stopped', async () => {
    const said = await judge([
      `for (let one = 0; lookUp(\`r\${one}\`) === null; one += 1); return true`,
      `for (let one = 0; ; one += 1) try { lookUp(\`r\${one}\`) } catch {}`,
      `return lookUp(String(Math.random())) === null`,
    ])
    expect(said.map(shown)).toEqual([
      'threw: looked up more than 100 resources; allowed: 100',
      'timeout: did not answer within 250 ms',
      'threw: still looked up new resources after 5 rounds; allowed: 5',
    ])
  })

  test('names of prototypes are ids like any other', async () => {
    const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']
    const code = `return [${names.map((name) => `'${name}'`).join()}].every((id) => lookUp(id)?.Name === id || lookUp(id) === null) && Object.keys(lookUp('__proto__') ?? {}).join() === 'Name'`
    const none = await judge([code.replace("=== 'Name'", "=== ''")])
    expect(none.map(shown)).toEqual([`pass after ${names.join()}`])
    const all = await judge([code], aStore(new Map(names.map((Name) => [Name, { Name }]))))
    expect(all.map(shown)).toEqual([`pass after ${names.join()}`])
  })

  test('an id that is no text a database could hold is refused, and nobody is asked for it', async () => {
    const ids = {
      "''": 'no text',
      "'x'.repeat(2_049)": '2049 characters',
      "'a\\0b'": 'broken characters',
      "'\\ud800'": 'broken characters',
      'null as never': 'null',
      "['key'] as never": 'a list',
      "{ toString: () => 'key' } as never": 'an object',
    }
    const store = aStore()
    const said = await judge(
      Object.keys(ids).map((id) => `return lookUp(${id}) === null`),
      store,
    )
    expect(said.map(shown)).toEqual(
      Object.values(ids).map((given) => `threw: lookUp was given ${given}; allowed: the id of a resource`),
    )
    expect(store.asked).toEqual([])
  })

  test('the longest id is asked for', async () => {
    const said = await judge([`return lookUp('x'.repeat(2_048)) === null`])
    expect(said[0]).toMatchObject({ outcome: 'pass', lookedUp: ['x'.repeat(2_048)] })
  })

  test('a look-up that was kept from another call is of no use', async () => {
    const before = 'let kept: ((id: string) => unknown) | null = null'
    await using evaluator = await anEvaluator({
      'a.ts': aPolicy('Keeps', `if (kept !== null) return kept('key') === null; kept = lookUp; return true`, { before }).replace(
        '(resource)',
        '(resource, { lookUp })',
      ),
    })
    const judged = await evaluator.judgeResources([aBucket(), aBucket()], aStore().lookUp)
    expect(judged.map(({ outcomes: [said] }) => shown(said))).toEqual([
      'pass after ',
      'threw: TypeError: lookUp was kept from an earlier call; allowed: the one that this call was given',
    ])
  })
})
