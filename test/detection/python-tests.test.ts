import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { readSettings } from '../../services/cli/test-settings.ts'
import { aFolder } from './world.ts'

const repository = join(import.meta.dirname, '../..')
const samples = join(repository, 'test/fixtures/panther')
const expected = JSON.parse(readFileSync(join(samples, 'expected.json'), 'utf8')) as {
  readonly tests: Readonly<Record<string, Readonly<Record<string, boolean>>>>
  readonly invalid: readonly (readonly [where: string, what: string])[]
  readonly notRun: readonly string[]
}

interface Line {
  readonly detection?: string
  readonly tests?: readonly {
    readonly name: string
    readonly passed: boolean
    readonly message: string | null
    readonly functions: readonly { readonly name: string; readonly output: string | null; readonly error: string | null }[]
    readonly printed: string
    readonly durationMs: number
  }[]
  readonly invalid?: string
  readonly message?: string
  readonly notRun?: string
  readonly note?: string
  readonly summary?: Readonly<Record<string, number>>
}

async function run(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; out: string; err: string; lines: readonly Line[] }> {
  const { FORCE_COLOR: _, ...env } = process.env
  const options = { cwd: repository, env: { ...env, NO_COLOR: '1', ...environment } }
  const child = spawn(process.execPath, ['services/cli/main.ts', ...args], options)
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  const lines = args.includes('--json')
    ? out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Line)
    : []
  return { code, out, err, lines }
}

describe("the sample repository in Panther's layout", () => {
  let lines: readonly Line[] = []
  let code: number | null = null
  beforeAll(async () => {
    ;({ code, lines } = await run(['test', samples, '--json']))
  })

  test('every test passes or fails as its author says', () => {
    const verdicts = Object.fromEntries(
      lines.flatMap(({ detection, tests }) =>
        detection === undefined ? [] : [[detection, Object.fromEntries((tests ?? []).map(({ name, passed }) => [name, passed]))]],
      ),
    )
    expect(verdicts).toEqual(expected.tests)
    expect(Object.keys(verdicts).length).toBeGreaterThanOrEqual(40)
    expect(code).toBe(1)
  })

  test('what cannot be used is named, with its place or its detection', () => {
    const invalid = lines.flatMap(({ invalid, message }) => (invalid === undefined ? [] : [`${invalid} ${message}`]))
    const missing = expected.invalid.filter(([where, what]) => !invalid.some((line) => line.includes(where) && line.includes(what)))
    // Which of two files with one id is read first is the order of their names.
    expect(missing.filter(([where]) => where !== 'root_activity.yml')).toEqual([])
    expect(invalid.some((line) => line.includes('id Sample.Root.Activity is taken by'))).toBe(true)
    expect(invalid).toHaveLength(expected.invalid.length)
  })

  test('what is not run, not read or not used says so', () => {
    expect(lines.flatMap(({ notRun }) => notRun ?? []).toSorted()).toEqual(expected.notRun.toSorted())
    const notes = lines.flatMap(({ note, message }) => (note === undefined ? [] : [`${note.slice(samples.length + 1)} ${message}`]))
    expect(notes.toSorted()).toEqual([
      'policies/aws_policies/s3_encrypted.yml:11:1 AutoRemediationID is not used: nothing is remediated here',
      'templates/example_rule.yml stands in no folder that holds items in a repository; name it as a path to read it',
    ])
  })

  test('a test has what each function came to, what was printed, and how long it took', () => {
    const of = (id: string, name: string) =>
      lines.find(({ detection }) => detection === id)?.tests?.find((each) => each.name === name)
    const created = of('Sample.IAM.UserCreated', 'A user is created')
    expect(created?.functions.map(({ name, output }) => [name, output])).toEqual([
      ['rule', 'true'],
      ['title', 'CreateUser for mallory by alice'],
      ['dedup', 'mallory'],
      [
        'alert_context',
        '{"eventName": "CreateUser", "eventSource": "iam.amazonaws.com", "awsRegion": "<missing>", "recipientAccountId": "<missing>", ' +
          '"actor": "arn:aws:iam::111122223333:user/alice", "p_any_usernames": ["mallory"]}',
      ],
    ])
    expect(created?.durationMs).toBeGreaterThan(0)
    expect(of('Sample.Event.Containers', 'Everything is as documented')?.printed).toContain('[True, True')
    const failed = of('Sample.Guard.EventType', 'It matches, and two functions fail')
    expect(failed?.message).toMatch(/^severity: FunctionReturnTypeError/u)
    expect(failed?.functions.find(({ name }) => name === 'dedup')?.error).toContain('ValueError: no dedup today')
    expect(of('Sample.Long.Texts', 'A long title is cut')?.functions[1]?.output).toHaveLength(1_000)
    // CreateAlert: false.
    expect(of('Sample.Tool.UserAgent', 'A known distribution')?.functions.map(({ name }) => name)).toEqual([
      'rule',
      'alert_context',
    ])
  })

  test('why a test failed is said, also where the function is not shown otherwise', () => {
    const message = (id: string, name: string) =>
      lines.find(({ detection }) => detection === id)?.tests?.find((each) => each.name === name)?.message
    expect(message('Sample.Expected.Destinations', 'They count where no match is expected too')).toBe(
      'destinations: expected ["pager"], got ["pager", "security"]',
    )
    expect(message('Sample.Expected.Destinations', 'The routes decide, and somebody was expected')).toBe(
      'destinations: expected ["pager"], got null',
    )
    expect(message('Sample.Silent.Title', 'Nobody is told, and the title must not fail')).toContain("title: KeyError: 'nobody'")
    expect(message('Sample.Wrong.Constant', 'A word is no function, a set no JSON')).toBe(
      "severity: TypeError: 'str' object is not callable",
    )
  })

  test('the last line counts detections', () => {
    expect(lines.at(-1)?.summary).toEqual({
      detections: 65,
      passed: 38,
      failed: 12,
      invalid: 12,
      skipped: 3,
      tests: 112,
      testsPassed: 96,
      testsFailed: 16,
    })
  })
})

test("Panther's flags choose what runs, from the command line and the environment", async () => {
  const root = join(samples, 'rules/aws_cloudtrail_rules')
  const { lines, code } = await run(
    [
      'test',
      '--path',
      root,
      '--filter',
      'Severity=High',
      'AnalysisType=rule',
      'RuleID!=Nobody',
      '--available-destination',
      'pager',
      '--json',
    ],
    { PANTHER_TEST_NAMES: 'Root signs in,Root only reads', PANTHER_MINIMUM_TESTS: '3' },
  )
  const [tested, ...others] = lines.filter(({ detection }) => detection !== undefined)
  expect(others).toEqual([])
  expect(tested).toMatchObject({ detection: 'Sample.Root.Activity', lacks: 'has 2 tests; allowed: at least 3' })
  expect(tested?.tests?.map(({ name, message }) => [name, message])).toEqual([
    ['Root signs in', 'destinations: security: no such destination; allowed: pager'],
    ['Root only reads', null],
  ])
  expect(code).toBe(1)
})

test('settings come from the command line, then the environment, then .panther_settings.yml', async () => {
  await using folder = await aFolder({
    '.panther_settings.yml':
      'minimum_tests: 3\nsort_test_results: true\nfilter: Severity=High Enabled=true\nignore_files: [a.yml, b.yml]\n',
  })
  const paths = [folder.path]
  expect(readSettings({ paths }, {})).toEqual({
    paths,
    filter: ['Severity=High', 'Enabled=true'],
    testNames: [],
    minimumTests: 3,
    skipDisabledTests: false,
    showFailuresOnly: false,
    sortTestResults: true,
    availableDestination: [],
    ignoreFiles: ['a.yml', 'b.yml'],
    ignoreExtraKeys: false,
  })
  const environment = { PANTHER_MINIMUM_TESTS: '2', PANTHER_SKIP_DISABLED_TESTS: 'true', PANTHER_PATH: folder.path }
  expect(readSettings({ paths: [], minimumTests: 1 }, environment)).toMatchObject({
    minimumTests: 1,
    skipDisabledTests: true,
    paths,
  })
  expect(readSettings({ paths: [] }, environment)).toMatchObject({ minimumTests: 2 })
  expect(() => readSettings({ paths }, { PANTHER_MINIMUM_TESTS: 'two' })).toThrow(
    'minimumTests: given "two"; allowed: a whole number from 0',
  )
})

test('a folder from init passes its tests, both languages in one run; debug shows one of them', async () => {
  await using folder = await aFolder({})
  const made = await run(['init', folder.path])
  expect(made.code).toBe(0)
  const again = await run(['init', folder.path])
  expect(again.code).toBe(2)
  const [tested, debugged] = await Promise.all([
    run(['test', folder.path, '--minimum-tests', '2', '--json']),
    run(['debug', 'Acme.IAM.AccessKeyCreated', 'a key is made', join(folder.path, 'rules/access_key_created.py')]),
  ])
  expect(tested.lines.at(-1)?.summary).toMatchObject({ detections: 4, passed: 4, testsPassed: 8 })
  expect(tested.code).toBe(0)
  expect(debugged.out).toContain('[PASS] [title] An access key was made for alice')
})
