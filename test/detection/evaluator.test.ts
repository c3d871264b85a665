import { describe, expect, test } from 'vitest'
import { createEvaluator } from '#detection'
import { aBody, aBucket, account, aFolder, anEvaluator, aPolicy, aRule, nothingKnown, trust } from './world.ts'

describe('bodies', () => {
  test('only bodies that matter are answered, in order: a match, a rejection, a touched resource', async () => {
    await using evaluator = await anEvaluator({ 'rule.ts': aRule('Run', 'return record.errorCode === undefined') })
    const touching = aBody({
      eventSource: 's3.amazonaws.com',
      eventName: 'PutBucketAcl',
      readOnly: false,
      requestParameters: { bucketName: 'exports' },
    })
    const judged = await evaluator.judgeBodies([
      aBody({ eventName: 'DescribeInstances' }),
      aBody(),
      aBody({ errorCode: 'AccessDenied' }),
      'not JSON',
      touching,
    ])
    expect(judged).toEqual([
      {
        body: 1,
        records: [
          { record: 0, matches: [{ detectionId: 'Run', title: 'Run', severity: 'HIGH', dedup: 'Run', context: {} }], failures: [] },
        ],
      },
      { body: 3, records: [] },
      { body: 4, records: [] },
    ])
  })

  test('a record from an unknown account never reaches a rule', async () => {
    await using evaluator = await anEvaluator({ 'rule.ts': aRule('Run', 'return true') })
    const judged = await evaluator.judgeBodies([aBody({ recipientAccountId: '999999999999' })])
    expect(judged).toEqual([{ body: 0, records: [] }])
  })

  test('each record of a file is judged for itself', async () => {
    await using evaluator = await anEvaluator({ 'rule.ts': aRule('Run', 'return true') })
    const records = [aBody({ eventName: 'DescribeInstances' }), aBody(), aBody({ recipientAccountId: '999999999999' }), aBody()]
    const [judged] = await evaluator.judgeBodies([`{"Records":[${records.join(',')}]}`])
    expect(judged?.records.map(({ record }) => record)).toEqual([1, 3])
  })

  test('hostile bodies are answered as mattering and the others are judged', async () => {
    await using evaluator = await anEvaluator({ 'rule.ts': aRule('Run', 'return true') })
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    const large = aBody({ requestParameters: { text: 'x'.repeat(1_048_576) } })
    const polluting = aBody().replace('{', '{"__proto__":{"polluted":true},')
    // Its harmful key is renamed, so that its rule sees it.
    const judged = await evaluator.judgeBodies([deep, large, polluting, '', '"\ud800"', aBody()])
    expect(judged.map(({ body, records }) => [body, records.length])).toEqual([
      [0, 0],
      [1, 0],
      [2, 1],
      [3, 0],
      [4, 0],
      [5, 1],
    ])
  })

  test('a body just under 1 MiB reaches its rule', async () => {
    await using evaluator = await anEvaluator({ 'rule.ts': aRule('Run', 'return true') })
    const texts = Array.from({ length: 5 }, () => 'x'.repeat(200_000))
    const [judged] = await evaluator.judgeBodies([aBody({ requestParameters: { texts } })])
    expect(judged?.records).toHaveLength(1)
  })

  test('more bodies than a batch holds keep their indexes', async () => {
    await using evaluator = await anEvaluator({ 'rule.ts': aRule('Run', 'return record.eventID === "last"') })
    const bodies = Array.from({ length: 1_000 }, (_, index) => aBody({ eventID: index === 999 ? 'last' : `e-${index}` }))
    const judged = await evaluator.judgeBodies(bodies)
    expect(judged.map(({ body }) => body)).toEqual([999])
  })

  test('callers at the same time get their own answers', async () => {
    await using evaluator = await anEvaluator({
      'rule.ts': aRule('Run', 'return true', { slots: 'title: (record) => String(record.eventID),' }),
    })
    const ids = Array.from({ length: 20 }, (_, index) => `event-${index}`)
    const judged = await Promise.all(ids.map(async (eventID) => await evaluator.judgeBodies([aBody({ eventID })])))
    expect(judged.map(([body]) => body?.records[0]?.matches[0]?.title)).toEqual(ids)
  })
})

describe('resources', () => {
  test('each policy of the type answers: pass, one failure, or a failure for each violation', async () => {
    await using evaluator = await anEvaluator({
      'pass.ts': aPolicy('Pass', 'return { result: true, validUntil: "2099-12-01T00:00:00+02:00" }'),
      'fail.ts': aPolicy('Fail', 'return false', {
        slots: "title: (bucket) => `bad ${bucket.Name}`, severityOf: () => 'Critical',",
      }),
      'many.ts': aPolicy('Many', 'return [{ key: "a", title: "first" }, { key: "b", severity: "Info", context: { port: 22 } }]'),
    })
    const [judged] = await evaluator.judgeResources([aBucket()], nothingKnown)
    expect(judged?.ref).toEqual({ accountId: account, region: 'us-east-1', type: 'AWS.S3.Bucket', id: 'arn:aws:s3:::exports' })
    const outcomes = new Map(judged?.outcomes.map((outcome) => [outcome.detectionId, outcome]))
    expect(outcomes.get('Pass')).toEqual({
      detectionId: 'Pass',
      outcome: 'pass',
      validUntil: '2099-11-30T22:00:00.000Z',
      lookedUp: [],
    })
    expect(outcomes.get('Fail')).toEqual({
      detectionId: 'Fail',
      outcome: 'fail',
      violations: [{ key: '', title: 'bad exports', severity: 'CRITICAL', dedup: 'bad exports', context: {} }],
      validUntil: null,
      lookedUp: [],
    })
    expect(outcomes.get('Many')).toMatchObject({
      violations: [
        { key: 'a', title: 'first', severity: 'LOW', dedup: 'first', context: {} },
        { key: 'b', title: 'Many', severity: 'INFO', dedup: 'Many', context: { port: 22 } },
      ],
    })
  })

  test('a policy sees only its types, and none of what it suppresses', async () => {
    await using evaluator = await anEvaluator({
      'fail.ts': aPolicy('Fail', 'return false', { slots: "suppressions: ['*:::test-*']," }),
    })
    const judged = await evaluator.judgeResources(
      [aBucket({}, 'arn:aws:s3:::test-one'), aBucket(), { ...aBucket(), type: 'AWS.EC2.VPC' }],
      nothingKnown,
    )
    expect(judged.map(({ outcomes }) => outcomes.map(({ outcome }) => outcome))).toEqual([['pass'], ['fail'], []])
  })
})

test('a policy has the clock, as it is, and no other policy can set it', async () => {
  await using evaluator = await anEvaluator({
    'a.ts': aPolicy('Sets', 'Date.now = () => 0; return true'),
    'b.ts': aPolicy('Replaces', '(globalThis as { Date: unknown }).Date = null; return true'),
    'c.ts': aPolicy('Reads', 'return [{ key: String(Date.now()), title: new Date().toISOString() }]'),
  })
  const before = Date.now()
  const [judged] = await evaluator.judgeResources([aBucket()], nothingKnown)
  const outcomes = new Map(judged?.outcomes.map((outcome) => [outcome.detectionId, outcome]))
  expect(outcomes.get('Sets')).toMatchObject({ failure: { reason: 'threw' } })
  expect(outcomes.get('Replaces')).toMatchObject({ failure: { reason: 'threw' } })
  const reads = outcomes.get('Reads')
  const seen = reads?.outcome === 'fail' ? Number(reads.violations[0]?.key) : 0
  expect(seen).toBeGreaterThanOrEqual(before)
  expect(seen).toBeLessThanOrEqual(Date.now())
})

describe('loading', () => {
  test('a broken file is named with what is wrong and the others go on', async () => {
    await using evaluator = await anEvaluator({
      'a-good.ts': aRule('Good', 'return true'),
      'b-syntax.ts': 'export default definePolicy({',
      'c-throws.ts': 'throw new Error("on purpose")',
      'd-slots.ts': aRule('Slots', 'return true', { slots: "threshold: 'many', extra: 1," }).replace("'HIGH'", "'Highest'"),
      'e-missing.ts': aRule('Missing', 'return true').replace('export default ', ''),
      'f-enum.ts': `enum Colour { Red }\n${aRule('Enum', 'return true')}`,
      'g-types.ts': aPolicy('Types', 'return true').replace("'AWS.S3.Bucket'", "'AWS.S3.Buckets', 'AWS::KMS::Key'"),
      'h-import.ts': aRule('Import', 'return true', { before: "import { a } from './helpers/a'\nexport const b = a" }),
      'helpers/a.ts': 'export const a = 1',
    })
    expect(evaluator.detections.map(({ id }) => id)).toEqual(['Good'])
    const broken = Object.fromEntries(evaluator.broken.map(({ file, message }) => [file.split('/').at(-1), message]))
    expect(Object.keys(broken)).toEqual([
      'b-syntax.ts',
      'c-throws.ts',
      'd-slots.ts',
      'f-enum.ts',
      'g-types.ts',
      'h-import.ts',
      'e-missing.ts',
    ])
    expect(broken['b-syntax.ts']).toMatch(/^line 1: /u)
    expect(broken['c-throws.ts']).toBe('line 1: Error: on purpose')
    expect(broken['g-types.ts']).toContain('`resourceTypes.0`: given "AWS.S3.Buckets"; allowed: a type such as AWS.S3.Bucket, ')
    expect(broken['g-types.ts']).toContain('`resourceTypes.1`: given "AWS::KMS::Key"; allowed: a type such as AWS.KMS.Key, ')
    expect(broken['h-import.ts']).toContain('with its ending: "./helpers/a.ts"')
    expect(broken['d-slots.ts']).toContain('slot `severity`: given "Highest"; allowed: INFO, LOW, MEDIUM, HIGH, CRITICAL, Info')
    expect(broken['d-slots.ts']).toContain('slot `threshold`: given "many"; allowed: ')
    expect(broken['d-slots.ts']).toContain('unknown slot `extra`')
    expect(broken['e-missing.ts']).toContain('exports no detection')
  })

  test('grace is 20 seconds where nothing is said, and must be 0 to 3600 whole seconds', async () => {
    const slots = [
      '',
      'graceSeconds: 0,',
      'graceSeconds: 3_600,',
      'graceSeconds: 3_601,',
      'graceSeconds: -1,',
      'graceSeconds: 1.5,',
    ]
    const files = slots.map((slot, index) => [`${index}.ts`, aPolicy(`Policy${index}`, 'return true', { slots: slot })])
    await using evaluator = await anEvaluator(Object.fromEntries(files) as Record<string, string>)
    expect(evaluator.detections.map(({ graceSeconds }) => graceSeconds)).toEqual([20, 0, 3_600])
    expect(evaluator.broken.map(({ message }) => message)).toEqual([
      'TypeError: slot `graceSeconds`: given 3601; allowed: 0 to 3600',
      'TypeError: slot `graceSeconds`: given -1; allowed: 0 to 3600',
      'TypeError: slot `graceSeconds`: given 1.5; allowed: int',
    ])
  })

  test('what is disabled from outside is loaded and does not run', async () => {
    await using folder = await aFolder({
      'one.ts': aPolicy('Acme.One', 'return false'),
      'two.ts': aPolicy('Other.Two', 'return false'),
    })
    await using evaluator = await createEvaluator({ folders: [folder.path], trust, disabled: ['Acme.*', '!*Acme', 'Amce.S3'] })
    expect(evaluator.detections.map(({ id }) => id)).toEqual(['Other.Two'])
    expect(evaluator.broken).toEqual([])
    expect(evaluator.notes.map(({ message }) => message)).toEqual(
      ['!*Acme', 'Amce.S3'].map((slip) => `\`disabled\` has ${slip}, which no detection is called`),
    )
    const [judged] = await evaluator.judgeResources([aBucket()], nothingKnown)
    expect(judged?.outcomes.map(({ detectionId }) => detectionId)).toEqual(['Other.Two'])
  })

  test('two detections of one id are an error that names both files; the first is used', async () => {
    await using evaluator = await anEvaluator({
      'one.ts': aRule('Same', 'return true'),
      'two.ts': aPolicy('Same', 'return true'),
    })
    expect(evaluator.detections.map(({ id, kind }) => `${id} ${kind}`)).toEqual(['Same rule'])
    expect(evaluator.broken).toHaveLength(1)
    expect(evaluator.broken[0]?.message).toMatch(/id Same is taken: .*one\.ts and .*two\.ts both have it/u)
  })

  test('a file may hold several detections and share helpers; a disabled one does not run', async () => {
    await using evaluator = await anEvaluator({
      'helpers/names.ts': 'export const wanted: readonly string[] = ["RunInstances"]',
      'helpers/data.json': '{"on":true}',
      'several.ts': `import { defineRule } from 'tripline'
import { wanted } from './helpers/names.ts'
import data from './helpers/data.json' with { type: 'json' }
const base = { severity: 'HIGH', description: 'x', logTypes: ['AWS.CloudTrail'], match: { source: 'ec2.amazonaws.com' } } as const
export const one = defineRule({ ...base, id: 'One', evaluate: (record) => data.on && wanted.includes(record.eventName) })
export const two = defineRule({ ...base, id: 'Two', enabled: false, evaluate: () => true })
export const all = [one, two]`,
    })
    expect(evaluator.broken).toEqual([])
    expect(evaluator.detections.map(({ id }) => id)).toEqual(['One'])
    const [judged] = await evaluator.judgeBodies([aBody()])
    expect(judged?.records[0]?.matches.map(({ detectionId }) => detectionId)).toEqual(['One'])
  })

  test('a file that never finishes loading is named and the others go on', async () => {
    await using evaluator = await anEvaluator(
      {
        'a-loops.ts': `for (;;);\n${aRule('Loops', 'return true')}`,
        'b-good.ts': aRule('Good', 'return true'),
        'c-waits.ts': `await new Promise(() => {})\n${aRule('Waits', 'return true')}`,
      },
      { loadTimeoutMs: 400 },
    )
    expect(evaluator.detections.map(({ id }) => id)).toEqual(['Good'])
    expect(evaluator.broken.map(({ file, message }) => [file.split('/').at(-1), message.slice(0, 32)])).toEqual([
      ['a-loops.ts', 'did not load within 400 ms'],
      ['c-waits.ts', expect.stringContaining('ended the process while loading')],
    ])
  })

  test('a folder that is not there is an error that names it', async () => {
    await expect(createEvaluator({ folders: ['/nowhere/at/all'], trust })).rejects.toMatchObject({
      code: 'unreadable',
      message: expect.stringContaining('/nowhere/at/all'),
    })
  })

  test('the fingerprint of a type follows its policies and what they import, and nothing else', async () => {
    await using folder = await aFolder({
      'policy.ts': aPolicy('Policy', 'return limit > 0', { before: "import { limit } from './limit.ts'" }),
      'limit.ts': 'export const limit: number = 1',
      'rule.ts': aRule('Rule', 'return true'),
    })
    const fingerprints = async (): Promise<[string, string]> => {
      await using evaluator = await createEvaluator({ folders: [folder.path], trust })
      return [evaluator.fingerprint('AWS.S3.Bucket'), evaluator.fingerprint('AWS.EC2.VPC')]
    }
    const [bucket, vpc] = await fingerprints()
    expect(await fingerprints()).toEqual([bucket, vpc])
    await folder.write('rule.ts', aRule('Rule', 'return false'))
    expect(await fingerprints()).toEqual([bucket, vpc])
    await folder.write('limit.ts', 'export const limit: number = 2')
    const [changed, same] = await fingerprints()
    expect(changed).not.toBe(bucket)
    expect(same).toBe(vpc)
  })
})
