import { describe, expect, test } from 'vitest'
import { aBody, aBucket, anEvaluator, aPolicy, aRule, nothingKnown } from './world.ts'

describe('a rule that does not answer', () => {
  test('is named, the other events and rules are judged all the same, and it is parked after three times', async () => {
    await using evaluator = await anEvaluator({
      'loops.ts': aRule('Loops', 'while (record.eventID === "poison"); return true'),
      'match.ts': aRule('Match', 'return true'),
    })
    const first = await evaluator.judgeBodies([aBody({ eventID: 'a' }), aBody({ eventID: 'poison' }), aBody({ eventID: 'b' })])
    expect(first.map(({ records: [record] }) => record?.matches.map(({ detectionId }) => detectionId))).toEqual([
      ['Loops', 'Match'],
      ['Match'],
      ['Loops', 'Match'],
    ])
    expect(first[1]?.records[0]?.failures).toEqual([
      { detectionId: 'Loops', reason: 'timeout', message: 'did not answer within 250 ms' },
    ])
    const [second] = await evaluator.judgeBodies([`{"Records":[${aBody({ eventID: 'poison' })},${aBody({ eventID: 'poison' })}]}`])
    expect(second?.records.map(({ failures }) => failures.map(({ reason }) => reason))).toEqual([['timeout'], ['timeout']])
    const [third] = await evaluator.judgeBodies([aBody({ eventID: 'a' })])
    expect(third?.records[0]?.matches.map(({ detectionId }) => detectionId)).toEqual(['Match'])
    expect(third?.records[0]?.failures).toEqual([
      { detectionId: 'Loops', reason: 'parked', message: 'not called: it killed 3 evaluator processes within an hour' },
    ])
  })

  test('because of its pattern is named', async () => {
    await using evaluator = await anEvaluator({
      'pattern.ts': aRule('Pattern', 'return /^(a+)+$/.test(String(record.userAgent))'),
    })
    const [judged] = await evaluator.judgeBodies([aBody({ userAgent: `${'a'.repeat(40)}!` })])
    expect(judged?.records[0]?.failures.map(({ reason }) => reason)).toEqual(['timeout'])
  })

  test('in one of its words is named too', async () => {
    await using evaluator = await anEvaluator({
      'title.ts': aRule('Title', 'return true', { slots: 'title: () => { for (;;); },' }),
    })
    const [judged] = await evaluator.judgeBodies([aBody()])
    expect(judged?.records[0]?.failures.map(({ reason }) => reason)).toEqual(['timeout'])
  })
})

test('slow calls that each keep their time are no hang', async () => {
  await using evaluator = await anEvaluator({
    'slow.ts': aRule('Slow', 'const end = Date.now() + 30; while (Date.now() < end); return true'),
  })
  const judged = await evaluator.judgeBodies(Array.from({ length: 30 }, () => aBody()))
  expect(judged.flatMap(({ records }) => records.flatMap(({ matches }) => matches))).toHaveLength(30)
})

test('a batch that takes long is judged whole, although the process looked whether its parent still lives', async () => {
  await using evaluator = await anEvaluator(
    { 'slow.ts': aRule('Slow', 'const end = Date.now() + 40; while (Date.now() < end); return true') },
    { orphanMs: 50 },
  )
  const judged = await evaluator.judgeBodies(Array.from({ length: 10 }, () => aBody()))
  expect(judged.flatMap(({ records }) => records.flatMap(({ matches }) => matches))).toHaveLength(10)
})

test('a rule that eats memory is named and the others go on', async () => {
  await using evaluator = await anEvaluator(
    {
      'eats.ts': aRule(
        'Eats',
        'const eaten: unknown[] = []; while (record.eventID === "poison") eaten.push(new Array(1e5).fill(eaten.length)); return false',
      ),
      'match.ts': aRule('Match', 'return true'),
    },
    { memoryMb: 48, timeoutMs: 20_000 },
  )
  const judged = await evaluator.judgeBodies([aBody({ eventID: 'poison' }), aBody()])
  expect(judged.map(({ records: [record] }) => record?.matches.map(({ detectionId }) => detectionId))).toEqual([
    ['Match'],
    ['Match'],
  ])
  expect(judged[0]?.records[0]?.failures).toEqual([
    { detectionId: 'Eats', reason: 'memory', message: 'used more memory than the 48 MB of an evaluator process' },
  ])
})

test('a rule that throws, whatever it throws, is a failure of its own', async () => {
  await using evaluator = await anEvaluator({
    'a.ts': aRule('Error', 'throw new TypeError("no such thing")'),
    'b.ts': aRule('Deep', 'const down = (): boolean => down(); return down()'),
    'c.ts': aRule('Fights', 'throw { get message() { throw 1 }, toString() { throw 2 } }'),
    'd.ts': aRule('Promise', 'return Promise.resolve(true) as never'),
    'e.ts': aRule('Nothing', 'return undefined as never'),
    'f.ts': aRule('Match', 'return true'),
  })
  const [judged] = await evaluator.judgeBodies([aBody()])
  expect(judged?.records[0]?.failures.map(({ detectionId, reason, message }) => `${detectionId} ${reason}: ${message}`)).toEqual([
    'Error threw: TypeError: no such thing',
    'Deep threw: RangeError: Maximum call stack size exceeded',
    'Fights threw: something that cannot be shown was thrown',
    'Promise wrong-type: evaluate answered a promise; allowed: a boolean',
    'Nothing wrong-type: evaluate answered undefined; allowed: a boolean',
  ])
  expect(judged?.records[0]?.matches.map(({ detectionId }) => detectionId)).toEqual(['Match'])
})

test('a policy that hangs leaves its resource unknown and the others judged; rules do not wait for it', async () => {
  await using evaluator = await anEvaluator(
    {
      'loops.ts': aPolicy('Loops', 'while (resource.Name === "poison"); return true'),
      'fails.ts': aPolicy('Fails', 'return false'),
      'match.ts': aRule('Match', 'return true'),
    },
    { timeoutMs: 1_000 },
  )
  const resources = evaluator.judgeResources([aBucket(), aBucket({ Name: 'poison' })], nothingKnown)
  let settled = false
  void resources.then(() => (settled = true))
  expect(await evaluator.judgeBodies([aBody()])).toHaveLength(1)
  expect(settled).toBe(false)
  expect((await resources).map(({ outcomes }) => outcomes.map(({ detectionId, outcome }) => `${detectionId} ${outcome}`))).toEqual([
    ['Fails fail', 'Loops pass'],
    ['Fails fail', 'Loops unknown'],
  ])
})

test('a closed evaluator refuses what it is asked, and what it was doing', async () => {
  const evaluator = await anEvaluator({ 'slow.ts': aRule('Slow', 'for (;;);') }, { timeoutMs: 60_000 })
  const hanging = evaluator.judgeBodies([aBody()])
  const [settled] = await Promise.allSettled([hanging, evaluator[Symbol.asyncDispose]()])
  expect(settled).toMatchObject({ status: 'rejected', reason: { code: 'closed' } })
  await expect(evaluator.judgeBodies([aBody()])).rejects.toMatchObject({ code: 'closed' })
})

test('what a detection’s exception quotes of a document is not passed on', async () => {
  await using evaluator = await anEvaluator({
    'parses.ts': aRule('Parses', 'return JSON.parse(String(record.userAgent)) === 1'),
    'quotes.ts': aRule('Quotes', "throw new Error(`this isn't a name: \"${record.userAgent}\", it's one like 'BlockPublicAcls'`)"),
  })
  const [judged] = await evaluator.judgeBodies([aBody({ userAgent: '{"password":"hunter2-hunter2-hunter2-hunter2-hunter2"x' })])
  const [secret] = await evaluator.judgeBodies([aBody({ userAgent: 'hunter2-hunter2-hunter2-hunter2-hunter2-hunter2' })])
  const messages = [judged, secret].flatMap((each) => each?.records[0]?.failures.map(({ message }) => message) ?? [])
  expect(messages).toHaveLength(4)
  expect(messages[2]).toBe(`SyntaxError: Unexpected token 'h', "…"... is not valid JSON`)
  expect(messages[3]).toBe(`Error: this isn't a name: "…", it's one like 'BlockPublicAcls'`)
  expect(messages[0]).not.toContain('hunter2')
})
