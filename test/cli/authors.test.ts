import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { benchmarkCommand } from '../../services/cli/benchmark-command.ts'
import { checkPacksCommand } from '../../services/cli/check-packs-command.ts'
import { foreignCommand } from '../../services/cli/foreign-commands.ts'
import { testCommand } from '../../services/cli/test-command.ts'
import { readSettings } from '../../services/cli/test-settings.ts'
import { importedNames } from '../../services/detection/python/imported-names.ts'
import { aBody, aFolder, aRule } from '../detection/world.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tripline-authors-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** What a command says, without another process. */
async function said(work: () => number | Promise<number>): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []]
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0)
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0)
  try {
    const code = await work()
    return { code, out: out.join(''), err: err.join('') }
  } finally {
    stdout.mockRestore()
    stderr.mockRestore()
  }
}

const detection = (id: string, more = ''): string =>
  `AnalysisType: rule\nEnabled: true\nFilename: ${id}.py\nRuleID: ${id}\nSeverity: High\nLogTypes: [AWS.CloudTrail]\n${more}`
const module = (id: string): string => `AnalysisType: global\nGlobalID: ${id}\nFilename: ${id}.py\n`
const pack = (id: string, ids: string): string => `AnalysisType: pack\nPackID: ${id}\nPackDefinition:\n  IDs: [${ids}]\n`

test('packs hold what their items need, over modules, data models, base rules and sequences, or say what they lack', async () => {
  await using repository = await aFolder({
    'rules/one.yml': detection('one'),
    'rules/one.py': 'from first import who\ndef rule(event):\n    return event.udm("who") == who\n',
    'rules/two.yml': detection('two', 'BaseDetection: one\n'),
    'rules/two.py': '"""\nimport other\n"""\ndef rule(event):\n    return True\n',
    'rules/both.yml':
      'AnalysisType: correlation_rule\nRuleID: both\nDetection:\n  - Sequence:\n      - { ID: a, RuleID: one }\n      - { ID: b, RuleID: two }\n',
    'global_helpers/first.yml': module('first'),
    'global_helpers/first.py': 'import json, second as s\n',
    'global_helpers/second.yml': module('second'),
    'global_helpers/second.py': 'who = 1\n',
    'global_helpers/other.yml': module('other'),
    'global_helpers/other.py': '',
    'data_models/trail.yml':
      'AnalysisType: datamodel\nDataModelID: trail\nEnabled: true\nLogTypes: [AWS.CloudTrail]\nMappings: [{ Name: who, Path: a }]\n',
    'packs/whole.yml': pack('Whole', 'one, first, second, trail'),
    'packs/partly.yml': pack('Partly', 'both, one, first, first, nobody'),
    'packs/wrong.yml': 'AnalysisType: pack\nPackID: Wrong\n',
  })
  const check = (json: boolean) => said(() => checkPacksCommand({ paths: [repository.path], settings: {}, json }))
  const { code, out } = await check(true)
  expect(code).toBe(1)
  const lines = out.trim().split('\n')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    {
      pack: 'Partly',
      passed: false,
      lacks: [
        { id: 'two', kind: 'rule', neededBy: 'both' },
        { id: 'second', kind: 'global', neededBy: 'both' },
        { id: 'trail', kind: 'datamodel', neededBy: 'one' },
      ],
      unknown: ['nobody'],
      twice: ['first'],
    },
    { pack: 'Whole', passed: true, holds: 4, lacks: [], unknown: [] },
    { invalid: expect.stringContaining('wrong.yml') as string },
    { unpacked: 'other', kind: 'global' },
    { unpacked: 'two', kind: 'rule' },
    { summary: { packs: 2, passed: 1, failed: 1, invalid: 1, unpacked: 2 } },
  ])
  expect((await check(false)).out).toContain('\tlacks data model trail, which one needs\n')
  await rm(join(repository.path, 'packs/wrong.yml'))
  await rm(join(repository.path, 'packs/partly.yml'))
  expect((await check(true)).code).toBe(0)
  expect((await said(() => checkPacksCommand({ paths: ['/nowhere'], settings: {}, json: false }))).code).toBe(2)
})

test('what a program imports is read wherever it stands, and not out of texts', () => {
  const code = `
import a.b, c as d; import e
from f.g import (
    h,
)
from \\
    i import j
if True: import k
text = """
import l
"""
'import m'  # import n
from . import o
`
  expect(importedNames(code)).toEqual(['a', 'c', 'e', 'f', 'i', 'k'])
})

test('a rule is measured alone over recorded events, with the slowest of them; a test that nobody has is nothing to test', async () => {
  await using rules = await aFolder({
    'one.ts': aRule('One', 'return record.errorCode === undefined'),
    'two.ts': aRule('Two', "throw new Error('is not asked')"),
    'off.ts': aRule('Off', 'return true', { slots: 'enabled: false,' }),
  })
  const file = join(folder, 'events.ndjson')
  await writeFile(file, `${aBody()}\n${aBody({ errorCode: 'Denied' })}\n`)
  const run = (id: string, json = true) =>
    said(() => benchmarkCommand({ id, files: [file], detections: [rules.path], iterations: 2, schemas: [], json }))
  const { code, out } = await run('One')
  const lines = out.trim().split('\n')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { iteration: 1, events: 2, matches: 1, failures: 0 },
    { iteration: 2, events: 2, matches: 1 },
    {
      slow: expect.stringContaining('events.ndjson#') as string,
      ms: expect.any(Number) as number,
      event: { name: 'RunInstances' },
    },
    { slow: expect.stringContaining('events.ndjson#') as string },
    { summary: { detection: 'One', iterations: 2, events: 2, matches: 1, readMs: expect.any(Number) as number } },
  ])
  expect(code).toBe(0)
  const settings = readSettings({ paths: [rules.path], testNames: ['nobody'] }, {})
  const tested = await said(() => testCommand({ ...settings, json: true }))
  expect([tested.code, tested.out]).toEqual([1, expect.stringContaining('"passed":0,"failed":0,"invalid":0,"skipped":3') as string])
  expect(await run('Off')).toMatchObject({ code: 2, err: 'benchmark: given Off, which is not run: enabled: false\n' })
})

test("a command of Panther's tool that has no use here says in one line what to do instead", async () => {
  const { code, err } = await said(() => foreignCommand('zip'))
  expect([code, err]).toEqual([2, expect.stringMatching(/^zip is a command of Panther's tool: .*`tripline upload DIR`.*\n$/u)])
})
