import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { tellOutcome } from '../../services/cli/test-words.ts'
import { aFolder, aPolicy, aRule } from './world.ts'

const main = join(import.meta.dirname, '../../services/cli/main.ts')

async function run(...args: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
  const { FORCE_COLOR: _, ...env } = process.env
  const child = spawn(process.execPath, [main, 'test', ...args], { env: { ...env, NO_COLOR: '1' } })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, out, err }
}

const events = (...expected: readonly boolean[]): string =>
  `tests: [${expected.map((each, index) => `{ name: 'test ${index}', expected: ${each}, event: { errorCode: ${each ? 'undefined' : "'Denied'"} } }`).join(', ')}],`
const succeeds = 'return record.errorCode === undefined'

test('passing tests give 0, and a line for each with what it is', async () => {
  await using folder = await aFolder({ 'rule.ts': aRule('Good', succeeds, { slots: events(true, false) }) })
  const { code, out } = await run(folder.path)
  expect(out).toBe(
    `Good\n\t[PASS] test 0\n\t[PASS] test 1\n\n${folder.path}: 1 detection passed, 0 failed, 0 invalid, 0 skipped; 2 of 2 tests passed\n`,
  )
  expect(code).toBe(0)
})

test('a failing test, a hanging one and an invalid file give 1 and are counted in the summary', async () => {
  await using folder = await aFolder({
    'bad.ts': aRule('Bad', 'return true', { slots: events(true, false) }),
    'good.ts': aRule('Good', succeeds, { slots: events(true, false) }),
    'hangs.ts': aRule('Hangs', 'for (;;);', { slots: events(true) }),
    'words.ts': aRule('Words', succeeds, { slots: `title: () => { throw new Error('no title') }, ${events(true, false)}` }),
    'many.ts': aPolicy('Many', "return [{ key: 'a' }, { key: 'b' }]", {
      slots: "tests: [{ name: 'both', expected: ['b', 'a'], resource: {} }, { name: 'one', expected: ['a'], resource: {} }],",
    }),
    'invalid.ts': 'export default definePolicy(',
  })
  const { code, out } = await run(folder.path, '--json')
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(lines.at(-1)).toEqual({
    summary: { detections: 6, passed: 1, failed: 4, invalid: 1, skipped: 0, tests: 9, testsPassed: 5, testsFailed: 4 },
  })
  const messages = lines.flatMap((line) => ((line['tests'] ?? []) as { message: string | null }[]).map(({ message }) => message))
  expect(messages.filter((message) => message !== null)).toEqual([
    'expected no match, got a match',
    'did not answer within 250 ms',
    'expected violations [a], got violations [a, b]',
    'title threw Error: no title',
  ])
  expect(code).toBe(1)
})

test('filters leave detections out; none left gives 1', async () => {
  await using folder = await aFolder({
    'rule.ts': aRule('Good', succeeds, { slots: events(true, false) }),
    'policy.ts': aPolicy('Policy', 'return true', { slots: "tests: [{ name: 'a', expected: true, resource: {} }]," }),
  })
  const summary = async (...filters: readonly string[]): Promise<unknown> => {
    const { code, out } = await run(folder.path, '--json', ...filters.flatMap((filter) => ['--filter', filter]))
    const { passed, skipped } = (
      JSON.parse(out.trim().split('\n').at(-1) ?? '') as { summary: { passed: number; skipped: number } }
    ).summary
    return [code, passed, skipped]
  }
  expect(await summary('AnalysisType=rule')).toEqual([0, 1, 1])
  expect(await summary('Severity!=high')).toEqual([0, 1, 1])
  expect(await summary('ResourceTypes=AWS.S3.Bucket,AWS.EC2.VPC', 'PolicyID=Policy')).toEqual([0, 1, 1])
  expect(await summary('RuleID=None')).toEqual([1, 0, 2])
})

test('--minimum-tests wants as many, with both verdicts; --show-failures-only shows no others', async () => {
  await using folder = await aFolder({
    'good.ts': aRule('Good', succeeds, { slots: events(true, false) }),
    'same.ts': aRule('Same', succeeds, { slots: events(true, true) }),
  })
  const { code, out } = await run(folder.path, '--minimum-tests', '2', '--show-failures-only')
  expect(out).toContain('Same\n\t[FAIL] has tests for one verdict only')
  expect(out).not.toContain('Good')
  expect(code).toBe(1)
})

test('a wrong filter or path is misuse: 2 and a sentence on stderr', async () => {
  expect(await run('--filter', 'nonsense')).toEqual({
    code: 2,
    out: '',
    err: '--filter: given nonsense; allowed: KEY=VALUE[,VALUE…] or KEY!=VALUE\n',
  })
  expect(await run('/nowhere')).toMatchObject({
    code: 2,
    err: expect.stringContaining('detections /nowhere: no such file or folder'),
  })
})

test('a filter by what no detection has is refused with what is allowed', async () => {
  await using folder = await aFolder({ 'rule.ts': aRule('Good', succeeds) })
  const key = await run(folder.path, '--filter', 'Bogus=LOW')
  expect(key.err).toContain('--filter: given Bogus=LOW; allowed keys: id, ')
  const value = await run(folder.path, '--filter', 'Severity=HUGE')
  expect(value.err).toContain('in which huge is no value of Severity; allowed: ')
  expect([key.code, value.code]).toEqual([2, 2])
})

test('what a detection says cannot steer the terminal', () => {
  const functions = [{ name: 'title', output: '\u001b]0;owned\u0007\u202etitle\r\nforged', error: null, passed: true }]
  const test = { name: '\u001b[31mred', passed: true, alerts: true, message: null, functions, printed: '\u001b[2Jcleared\n' }
  const told = tellOutcome({ detection: 'A\u009b1m', file: 'a.py', passed: true, lacks: null, tests: [test] }, false)
  expect(stripVTControlCharacters(told)).toBe(
    String.raw`A\u{9b}1m` +
      '\n\t[PASS] ' +
      String.raw`\u{1b}[31mred` +
      '\n\t\t[PASS] [title] ' +
      String.raw`\u{1b}]0;owned\u{7}\u{202e}title forged` +
      '\n\t\t| ' +
      String.raw`\u{1b}[2Jcleared`,
  )
})
