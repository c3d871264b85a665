import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { linesOfLeftOut } from '#detection'
import { loadPython } from '../../services/detection/python/load.ts'
import { readPythonRepository } from '../../services/detection/python/repository.ts'

const folders: string[] = []
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })))

/** A repository of these files. */
function repository(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'tripline-panther-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

const aRule = `AnalysisType: rule
Enabled: true
Filename: a.py
RuleID: A.Rule
Severity: High
LogTypes: [AWS.CloudTrail]
Tests:
  - Name: fires
    ExpectedResult: true
    Log: { count: 12345678901234567890, share: 1.0, mode: 0644, on: yes, at: 2026-01-01T00:00:00Z }
`

test('reads a rule with its code, its metadata and its tests, whose numbers stay exact', () => {
  const root = repository({ 'rules/a.yml': aRule, 'rules/a.py': 'def rule(event):\n    return True\n' })
  const { detections, broken } = readPythonRepository(root)
  expect(broken).toEqual([])
  expect(detections).toMatchObject([
    {
      id: 'A.Rule',
      kind: 'rule',
      module: { id: 'A.Rule', file: join(root, 'rules/a.py') },
      spec: { displayName: 'A.Rule', severity: 'HIGH', logTypes: ['AWS.CloudTrail'], dedupPeriodMinutes: 60, threshold: 1 },
    },
  ])
  expect(detections[0]?.tests).toEqual([
    {
      name: 'fires',
      expected: true,
      given: '{"count":12345678901234567890,"share":1.0,"mode":644,"on":"yes","at":"2026-01-01T00:00:00Z"}',
      mocks: [],
      destinations: null,
    },
  ])
})

/** The value of `Log` in a rule's only test. */
function logOf(yaml: string): string | undefined {
  const root = repository({ 'a.yml': aRule.replace(/Log: .*/u, `Log: ${yaml}`), 'a.py': 'def rule(event):\n    return True\n' })
  return readPythonRepository(root).detections[0]?.tests[0]?.given
}

test.each([
  ['{ a: on, b: off, c: yes, d: NO, e: True, f: FALSE }', '{"a":"on","b":"off","c":"yes","d":"NO","e":true,"f":false}'],
  ['{ a: 0x1F, b: 0b101, c: 1_000, d: 0o17, e: 017, f: -5, g: +5 }', '{"a":31,"b":5,"c":1000,"d":15,"e":17,"f":-5,"g":5}'],
  [
    '{ a: 1e3, b: 1.50, c: .5, d: -0.0, e: .inf, f: .NaN, g: 1_0.5 }',
    '{"a":1000.0,"b":1.5,"c":0.5,"d":-0.0,"e":Infinity,"f":NaN,"g":10.5}',
  ],
  [
    '{ a: 1:30:00, b: 2026-01-02, c: 1.2.3, d: 12e, e: "7", f: ~, g: }',
    '{"a":"1:30:00","b":"2026-01-02","c":"1.2.3","d":"12e","e":"7","f":null,"g":null}',
  ],
  ['{ a: 18446744073709551615, b: 9007199254740993, c: [] }', '{"a":18446744073709551615,"b":9007199254740993,"c":[]}'],
  ['\n      <<: { a: 1, b: 2 }\n      b: 3', '{"a":1,"b":3}'],
])('reads %s as YAML 1.2', (yaml, json) => {
  expect(logOf(yaml)).toBe(json)
})

test('JSON is read as JSON, whole numbers exact, and other JSON is left alone', () => {
  const spec = {
    AnalysisType: 'policy',
    PolicyID: 'P',
    Enabled: true,
    FileName: 'p.py',
    ResourceType: 'AWS.S3.Bucket',
    Severity: 'Low',
  }
  const tests = '"Tests": [{ "Name": "n", "ExpectedResult": true, "Resource": { "n": 9007199254740993, "f": 1.0 } }]'
  const root = repository({
    'p.json': `${JSON.stringify(spec).slice(0, -1)}, ${tests} }`,
    'p.py': 'def policy(resource):\n    return True\n',
    'tsconfig.json': '{ "extends": "x" } // as TypeScript has it',
    'bad.json': '{\n  "AnalysisType": "rule",\n}',
  })
  const { detections, broken } = readPythonRepository(root)
  expect(detections[0]?.spec.resourceTypes).toEqual(['AWS.S3.Bucket'])
  expect(detections[0]?.tests[0]?.given).toBe('{"n":9007199254740993,"f":1.0}')
  expect(broken).toEqual([{ file: join(root, 'bad.json:3:1'), message: expect.stringContaining('JSON') as string }])
})

test('a field with a mistake is named with file, line and column; so is a test', () => {
  const wrong = aRule
    .replace('Severity: High', 'Severity: Loud')
    .replace('Tests:', 'Threshold: many\nDisplayName: "a & b"\nTests:')
    .replace('Log:', 'Mocks: [{ objectName: x, returnValue: 3 }]\n    Log:')
  const root = repository({ 'a.yml': wrong, 'a.py': '' })
  const { detections, broken } = readPythonRepository(root)
  expect(detections).toEqual([])
  expect(broken.map(({ file, message }) => `${file.slice(root.length + 1)} ${message}`).toSorted()).toEqual(
    [
      'a.yml:5:1 Severity: given "Loud"; allowed: Info, Low, Medium, High, Critical',
      'a.yml:7:1 Threshold: given "many"; allowed: a whole number',
      'a.yml:8:1 DisplayName: given "a & b"; allowed: text without < > & " % and invisible letters',
      'a.yml:12:30 Tests: Mocks: returnValue: given 3; allowed: text, true or false',
    ].toSorted(),
  )
})

test('a sub-folder or a file is read with the helpers of its repository; files that are ignored are not', () => {
  const root = repository({
    'global_helpers/shared.yml': 'AnalysisType: global\nGlobalID: shared\nFilename: shared.py\n',
    'global_helpers/shared.py': 'X = 1\n',
    'rules/one/a.yml': aRule,
    'rules/one/a.py': 'def rule(event):\n    return True\n',
    'rules/.hidden/b.yml': 'AnalysisType: [',
    'rules/two/c.yml': aRule.replace('Tests:', 'Extra: 1\nTests:').replace('A.Rule', 'C.Rule'),
    'rules/two/a.py': 'def rule(event):\n    return True\n',
  })
  const alone = readPythonRepository(join(root, 'rules/one/a.yml'))
  expect([alone.detections.map(({ id }) => id), alone.globals.map(({ id }) => id)]).toEqual([['A.Rule'], ['shared']])
  const byItself = readPythonRepository(join(root, 'rules'), { ignored: [], extraKeys: 'ignored', startedIn: null })
  expect(byItself.globals).toEqual([])
  const lenient = readPythonRepository(join(root, 'rules'), { ignored: [], extraKeys: 'ignored' })
  expect(lenient.detections.map(({ id }) => id)).toEqual(['A.Rule', 'C.Rule'])
  const ignoring = readPythonRepository(root, { ignored: ['rules/two/*'], extraKeys: 'refused' })
  expect([ignoring.detections.map(({ id }) => id), ignoring.broken]).toEqual([['A.Rule'], []])
})

test('code that no specification names is not forgotten in silence', () => {
  const code = 'def rule(event):\n    return True\n'
  const files = ['a.py', 'b.py', 'a_test.py', '__init__.py', 'c.py'].map((name) => [`rules/${name}`, code])
  const root = repository({ 'rules/a.yml': aRule, 'rules/c.yml': 'AnalysisType: [', ...Object.fromEntries(files) })
  expect(readPythonRepository(root).notes).toEqual([
    { file: join(root, 'rules/b.py'), message: 'no specification names it, so it is not read' },
  ])
})

test('fields that nobody knows are mistakes wherever they stand, or notes where they are ignored', () => {
  const root = repository({
    'a.yml': `${aRule.replace('Tests:', 'Tagz: [a]\nTests:')}    Note: why\n    Mocks: [{ objectName: x, returnValue: y, sideEffect: z }]\n`,
    'a.py': 'def rule(event):\n    return True\n',
  })
  const strict = readPythonRepository(root)
  expect(strict.broken.map(({ message }) => message)).toEqual([
    'Tests: Mocks: unknown field sideEffect; allowed: such as objectName, or start with --ignore-extra-keys',
    'Tests: unknown field Note; allowed: such as Name, or start with --ignore-extra-keys',
    'unknown field Tagz; allowed: such as Tags, or start with --ignore-extra-keys',
  ])
  const lenient = readPythonRepository(root, { ignored: [], extraKeys: 'ignored' })
  expect([lenient.broken, lenient.detections[0]?.tests[0]?.mocks]).toEqual([[], [{ objectName: 'x', returnValue: 'y' }]])
  expect(lenient.notes.map(({ message }) => message)).toEqual([
    'Tests: Mocks: unknown field sideEffect: is ignored',
    'Tests: unknown field Note: is ignored',
    'unknown field Tagz: is ignored',
  ])
})

test('what is tested and not run says why, one line a reason', () => {
  const other = (id: string, line: string): string =>
    aRule.replace('A.Rule', id).replace('Severity: High', `Severity: High\n${line}`)
  const root = repository({
    'a.py': 'def rule(event):\n    return True\n',
    'a.yml': aRule,
    'b.yml': other('B', '').replace('Enabled: true', 'Enabled: false'),
    'c.yml': other('C', 'Status: Deprecated'),
    'd.yml': other('D', 'Status: Deprecated'),
    'e.yml': other('E', '').replace('LogTypes: [AWS.CloudTrail]', 'ScheduledQueries: [Q]').replace(': rule', ': scheduled_rule'),
    'f.yml': other('F', 'InlineFilters: [{ All: [{ KeyPath: x }] }]'),
    'g.yml': other('Off', ''),
    'h.yml': 'AnalysisType: pack\nPackID: P\n',
  })
  symlinkSync('a.yml', join(root, 'AGENTS.md'))
  const { notRun, idle, broken, detections } = loadPython({ folders: [root], bundle: null, disabled: ['O*'] })
  expect(broken).toEqual([])
  expect(detections.filter(({ loaded }) => loaded.enabled)).toHaveLength(1)
  expect(linesOfLeftOut({ notRun: [...notRun, ...idle], notes: [] })).toEqual([
    'not run: 1 rule (F): InlineFilters are not supported; allowed: none, or the empty All: []',
    'not run: 1 pack (P): packs are not needed: every item here is used as it is',
    'not run: 1 rule (B): Enabled: false',
    'not run: 2 rules (C, D): Status: Deprecated',
    'not run: 1 scheduled rule (E): scheduled rules are tested and not run: nobody makes their queries here',
    'not run: 1 rule (Off): disabled in the configuration',
  ])
})

test('a file outside of the repository is not read, by name or by link', () => {
  const root = repository({
    'rules/a.yml': aRule.replace('a.py', '../../../../etc/hostname'),
    'rules/b.yml': aRule.replace('a.py', 'b.py').replace('A.Rule', 'B.Rule'),
  })
  symlinkSync('/etc/hostname', join(root, 'rules/b.py'))
  const { detections, broken } = readPythonRepository(root)
  expect(detections).toEqual([])
  expect(broken.map(({ message }) => message)).toEqual([
    'Filename: given ../../../../etc/hostname; allowed: a file beside the specification',
    'Filename: given b.py; is a link; allowed: a file',
  ])
})

test('what is used otherwise than its author may expect is noted, with its place', () => {
  const spec = aRule
    .replace('Tests:', 'DedupPeriodMinutes: 3\nGroupBy: [a]\nTests:')
    .replace('Log:', 'Mocks: [{ objectName: x }]\n    Log:')
  const root = repository({ 'a.yml': spec, 'a.py': 'def rule(event):\n    return True\n' })
  const { detections, broken, notes } = readPythonRepository(root)
  expect([detections.length, broken]).toEqual([1, []])
  expect(notes.map(({ file, message }) => `${file.slice(root.length + 1)} ${message}`)).toEqual([
    'a.yml:8:1 GroupBy is for simple detections; the function dedup is asked',
    'a.yml:7:1 DedupPeriodMinutes: 3 acts as 5',
    'a.yml:12:13 a mock without objectName or returnValue is ignored',
  ])
})

test('experimental, deprecated and scheduled detections are tested and not run', () => {
  const statuses = ['Experimental', 'Deprecated', 'Stable']
  const files = statuses.map((status) => [
    `${status}.yml`,
    aRule.replace('A.Rule', status).replace('Tests:', `Status: ${status}\nTests:`),
  ])
  const scheduled = aRule.replace('A.Rule', 'Later').replace('AnalysisType: rule', 'AnalysisType: scheduled_rule')
  const root = repository({ ...Object.fromEntries(files), 'later.yml': scheduled, 'a.py': 'def rule(event):\n    return True\n' })
  const { detections } = loadPython({ folders: [root], bundle: null, disabled: [] })
  expect(Object.fromEntries(detections.map(({ loaded, tests }) => [loaded.detection.id, [loaded.enabled, tests.length]]))).toEqual({
    Experimental: [false, 1],
    Deprecated: [false, 1],
    Stable: [true, 1],
    Later: [false, 1],
  })
})

test('a kind that is left out, an id that hides letters and aliases without end are named, not passed over', () => {
  const bomb = [
    'AnalysisType: &a [x,x,x,x,x,x,x,x]',
    ...['b', 'c', 'd', 'e', 'f', 'g'].map((at, index) => `${at}: &${at} [${Array(8).fill(`*${'abcdef'[index]}`).join(',')}]`),
  ]
  const root = repository({
    'a.py': 'def rule(event):\n    return True\n',
    'kind.yml': aRule.replace('AnalysisType: rule\n', ''),
    'hidden.yml': aRule.replace('A.Rule', String.raw`"A.\e[31mRule"`),
    'bomb.yml': bomb.join('\n'),
    'workflow.yml': 'on: push\njobs: {}\n',
  })
  const told = readPythonRepository(root).broken.map(({ file, message }) => `${file.slice(root.length + 1)} ${message}`)
  expect(told.toSorted()).toEqual([
    'bomb.yml:1:1 its aliases (*) cannot be followed; allowed: up to 1,000 nodes by aliases',
    expect.stringMatching(/^hidden\.yml:4:1 RuleID: given .*; allowed: text without < > & " % and invisible letters$/u),
    'kind.yml:1:1 AnalysisType is missing, though it has RuleID and Filename',
  ])
})
