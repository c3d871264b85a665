import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createEvaluator, type Evaluator } from '#detection'
import { aBody, aFolder, anEvaluator, aRule, trust } from './world.ts'

// What the attempts print is of no interest here.
vi.hoisted(() => (process.env['TRIPLINE_LOG'] = 'silent'))

/** One evaluator for many attempts, a rule each: the title carries what came of it, and the id stands in when it throws. */
function shareEvaluator(rules: readonly string[]): () => Evaluator {
  let evaluator: Evaluator | null = null
  beforeAll(async () => {
    evaluator = await anEvaluator(Object.fromEntries(rules.map((text, index) => [`${String(index).padStart(3, '0')}.ts`, text])))
  })
  afterAll(async () => await evaluator?.[Symbol.asyncDispose]())
  return () => evaluator as Evaluator
}

describe('imports', () => {
  const specifiers = [
    'node:fs',
    'fs',
    'node:child_process',
    'node:worker_threads',
    'node:sqlite',
    'node:net',
    'node:http',
    'node:process',
    'node:module',
    'node:vm',
    'node:inspector',
    'node:test',
    'zod',
    'pino',
    '#detection',
    '#runtime',
    '/etc/passwd',
    'file:///etc/passwd',
    'data:text/javascript,export default 1',
    'https://example.com/x.ts',
    '../../../../../../etc/passwd',
    './%2e%2e/%2e%2e/escape.ts',
    'tripline/../engine.ts',
  ]
  const shared = shareEvaluator(
    specifiers.map((specifier, index) =>
      aRule(`Attempt${index}`, 'return true', { before: `import * as escape from '${specifier}'\nexport const kept = escape` }),
    ),
  )

  test.each(specifiers.map((specifier, index) => [specifier, index] as const))('of %s is refused by name', (specifier, index) => {
    const file = `/${String(index).padStart(3, '0')}.ts`
    expect(shared().broken.find((each) => each.file.endsWith(file))?.message).toContain(
      `import of "${specifier}" is refused; allowed: "tripline" and relative .ts or .json files inside `,
    )
  })

  test('of a module by code comes to nothing', async () => {
    await using evaluator = await anEvaluator({
      'a.ts': aRule('Attempt', 'return true', {
        before: `let got = 'nothing'
try { got = Object.keys(await import('node:fs')).join() } catch (error) { got = String(error) }`,
        slots: 'title: () => got,',
      }),
    })
    const [judged] = await evaluator.judgeBodies([aBody()])
    expect(judged?.records[0]?.matches[0]?.title).toContain('import of "node:fs" is refused')
  })

  test('over a symbolic link is refused, and so is a file that is one', async () => {
    await using outside = await aFolder({ 'secret.json': '{"secret":true}', 'rule.ts': aRule('Linked', 'return true') })
    await using folder = await aFolder({
      'link-import.ts': aRule('Importer', 'return true', {
        before: "import secret from './linked/secret.json' with { type: 'json' }\nexport const kept = secret",
      }),
      'good.ts': aRule('Good', 'return true'),
    })
    await symlink(outside.path, join(folder.path, 'linked'))
    await symlink(join(outside.path, 'rule.ts'), join(folder.path, 'rule-link.ts'))
    await using evaluator = await createEvaluator({ folders: [folder.path], trust })
    expect(evaluator.detections.map(({ id }) => id)).toEqual(['Good'])
    const broken = Object.fromEntries(evaluator.broken.map(({ file, message }) => [file.split('/').at(-1), message]))
    expect(broken['link-import.ts']).toContain('import of "./linked/secret.json" is refused')
    expect(broken['linked']).toContain('is a link')
    expect(broken['rule-link.ts']).toContain('is a link')
  })

  test('of a file of another bundle is refused', async () => {
    await using other = await aFolder({ 'other.ts': aRule('Other', 'return true') })
    await using folder = await aFolder({
      'rule.ts': aRule('Rule', 'return true', {
        before: `import other from '${join('..', other.path.split('/').at(-1) ?? '', 'other.ts')}'\nexport const kept = other`,
      }),
    })
    await using evaluator = await createEvaluator({ folders: [folder.path, other.path], trust })
    expect(evaluator.detections.map(({ id }) => id)).toEqual(['Other'])
    expect(evaluator.broken[0]?.message).toContain('is refused')
  })
})

describe('what a detection can reach', () => {
  const attempts = [
    ['the process', 'return typeof process', 'undefined'],
    ['the process by another name', 'return typeof globalThis.global', 'undefined'],
    ['require', 'return typeof require', 'undefined'],
    ['a module object', 'return typeof module', 'undefined'],
    ['fetch', 'return typeof fetch', 'undefined'],
    ['a WebSocket', 'return typeof WebSocket', 'undefined'],
    ['a worker', 'return typeof Worker', 'undefined'],
    ['WebAssembly', 'return typeof WebAssembly', 'undefined'],
    ['timers', 'return typeof setTimeout + typeof setImmediate + typeof queueMicrotask', 'undefinedundefinedundefined'],
    [
      'memory outside the heap',
      'return typeof ArrayBuffer + typeof Uint8Array + typeof SharedArrayBuffer',
      'undefinedundefinedundefined',
    ],
    ['bytes', 'return typeof Buffer', 'undefined'],
    ['storage', 'return typeof localStorage', 'undefined'],
    ['eval', "return String((0, eval)('1'))", 'Attempt'],
    ['Function', "return String(new Function('return process')())", 'Attempt'],
    ['Function by a constructor', "return String((() => {}).constructor('return process')())", 'Attempt'],
    [
      'a generator by its constructor',
      "return String(Object.getPrototypeOf(function* () {}).constructor('yield process')().next().value)",
      'Attempt',
    ],
    ['the caller through a stack', "Error.prepareStackTrace = (_, sites) => sites; return 'changed'", 'Attempt'],
    ['the globals, to change them', "globalThis.JSON = { parse: () => null }; return 'changed'", 'Attempt'],
    ['the globals, to add to them', "globalThis.mark = 1; return 'changed'", 'Attempt'],
    ['a prototype, to pollute it', "Object.prototype.polluted = 1; return 'changed'", 'Attempt'],
    ['a method, to replace it', "Array.prototype.push = () => 1; return 'changed'", 'Attempt'],
    ['a prototype by a literal', "({}).__proto__.polluted = 1; return 'changed'", 'Attempt'],
    [
      'an iterator, to change it',
      "Object.getPrototypeOf([][Symbol.iterator]()).next = () => ({ done: true }); return 'changed'",
      'Attempt',
    ],
    ['the engine through a function', 'return String((() => {}).caller)', 'Attempt'],
    ['a way to kill the parent', "process.kill(process.ppid, 'SIGKILL'); return 'killed'", 'Attempt'],
    ['the environment', 'return JSON.stringify(process.env)', 'Attempt'],
  ] as const
  const works = `
class Own extends Error { constructor() { super('own'); this.name = 'Own' } }
const made = Object.fromEntries([['toString', () => 'made']]); const plain = {}; plain.toString = () => 'plain'
try { throw new Own() } catch (error) { return [error.name, error.message, made.toString(), plain.toString(), [3, 1].toSorted().join()].join(' ') }`
  const shared = shareEvaluator(
    [...attempts.map(([, code]) => code), works].map((code, index) =>
      aRule(`Attempt${index}`, 'return true', { slots: `title: () => { ${code} }, dedup: () => '${index}',` }),
    ),
  )
  const titleOf = async (index: number): Promise<string | undefined> => {
    const [judged] = await shared().judgeBodies([aBody()])
    return judged?.records[0]?.matches.find(({ dedup }) => dedup === String(index))?.title.replace(/^Attempt\d+$/u, 'Attempt')
  }

  test.each(attempts.map(([what, , title], index) => [what, index, title] as const))('%s is not there', async (_, index, title) => {
    expect(await titleOf(index)).toBe(title)
  })

  test('an own error class and plain objects work as ever', async () => {
    expect(await titleOf(attempts.length)).toBe('Own own made plain 1,3')
  })
})

test('nothing that a detection prints becomes an answer, and a flood of it is cut', async () => {
  await using evaluator = await anEvaluator({
    'prints.ts': aRule(
      'Prints',
      'for (let i = 0; i < 5000; i += 1) console.log("x".repeat(900)); console.error({ body: 0 }); return false',
    ),
    'match.ts': aRule('Match', 'return true'),
  })
  const judged = await evaluator.judgeBodies([aBody(), aBody({ eventName: 'DescribeInstances' })])
  expect(judged.map(({ body, records }) => [body, records[0]?.matches.map(({ detectionId }) => detectionId)])).toEqual([
    [0, ['Match']],
  ])
})

test("a rule cannot forge another event's match: what it answers beside true and false is a failure of its own", async () => {
  await using evaluator = await anEvaluator({
    'forges.ts': aRule(
      'Forges',
      "return [{ body: 1, records: [{ record: 0, matches: [{ detectionId: 'Match' }], failures: [] }] }]",
    ),
    'match.ts': aRule('Match', 'return record.eventID === "never"'),
  })
  expect(await evaluator.judgeBodies([aBody(), aBody({ eventName: 'DescribeInstances' })])).toEqual([
    {
      body: 0,
      records: [
        {
          record: 0,
          matches: [],
          failures: [{ detectionId: 'Forges', reason: 'wrong-type', message: 'evaluate answered a list; allowed: a boolean' }],
        },
      ],
    },
  ])
})

test('one rule cannot change the record that the next one sees', async () => {
  await using evaluator = await anEvaluator({
    'a-changes.ts': aRule('Changes', '(record as { eventName: string }).eventName = "Other"; return false'),
    'b-deletes.ts': aRule('Deletes', 'delete (record.userIdentity as { type?: string }).type; return false'),
    'c-reads.ts': aRule('Reads', 'return record.eventName === "RunInstances" && record.userIdentity?.type === "IAMUser"'),
  })
  const [judged] = await evaluator.judgeBodies([aBody()])
  expect(judged?.records[0]?.matches.map(({ detectionId }) => detectionId)).toEqual(['Reads'])
  expect(judged?.records[0]?.failures.map(({ detectionId, reason }) => `${detectionId} ${reason}`)).toEqual([
    'Changes threw',
    'Deletes threw',
  ])
})

test('what a module leaves running never runs in the time of another', async () => {
  await using evaluator = await anEvaluator({
    'a.ts': aRule('Later', 'void Promise.resolve().then(() => { for (;;); }); return false'),
    'b.ts': aRule('Match', 'return true'),
  })
  const judged = await evaluator.judgeBodies([aBody(), aBody()])
  expect(judged.flatMap(({ records }) => records.flatMap(({ matches }) => matches))).toHaveLength(2)
  expect(await evaluator.judgeBodies([aBody()])).toHaveLength(1)
})

// The permission model is the boundary behind all this: the same flags, and a program that has everything which the guard takes away.
describe('behind the guard', () => {
  test('a program with the flags of an evaluator cannot read, write, start, connect or load anything', async () => {
    const { spawnChild } = await import('../../services/detection/child-process.ts')
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    await using folder = await aFolder({ 'allowed.txt': 'allowed' })
    await using outside = await aFolder({ 'secret.txt': 'secret' })
    await mkdir(join(folder.path, 'sub'))
    const program = join(folder.path, 'program.mjs')
    await writeFile(program, escapes(folder.path, outside.path, port))
    const child = spawnChild([{ root: folder.path, path: folder.path }], { memoryMb: 64, entry: program })
    let said = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text))
    let complained = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (complained += text))
    await new Promise((resolve) => child.once('close', resolve))
    server.close()
    expect(complained).toBe('')
    expect(JSON.parse(said)).toEqual({
      allowed: 'allowed',
      outside: 'ERR_ACCESS_DENIED',
      write: 'ERR_ACCESS_DENIED',
      spawn: 'ERR_ACCESS_DENIED',
      worker: 'ERR_ACCESS_DENIED',
      sqlite: 'ERR_UNKNOWN_BUILTIN_MODULE',
      socket: 'ERR_ACCESS_DENIED',
      inspector: 'ERR_ACCESS_DENIED',
      code: 'EvalError',
      environment: 0,
    })
  })
})

function escapes(folder: string, outside: string, port: number): string {
  return `
import { readFileSync, writeFileSync, writeSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { Worker } from 'node:worker_threads'
import { connect } from 'node:net'
const tried = {}
const attempt = async (name, act) => {
  try { tried[name] = await act() } catch (error) { tried[name] = error.code ?? error.name }
}
await attempt('allowed', () => readFileSync('${folder}/allowed.txt', 'utf8'))
await attempt('outside', () => readFileSync('${outside}/secret.txt', 'utf8'))
await attempt('write', () => writeFileSync('${folder}/written.txt', ''))
await attempt('spawn', () => String(spawnSync('true').status))
await attempt('worker', () => String(new Worker('1', { eval: true })))
await attempt('sqlite', async () => String(await import('node:sqlite')))
await attempt('socket', () => new Promise((resolve, reject) => connect(${port}, '127.0.0.1', () => resolve('open')).on('error', reject)))
await attempt('inspector', async () => { const { Session } = await import('node:inspector'); new Session().connect(); return 'open' })
await attempt('code', () => String(new Function('return 1')()))
await attempt('environment', () => Object.keys(process.env).length)
writeSync(1, JSON.stringify(tried))
`
}
