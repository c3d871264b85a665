import { join } from 'node:path'
import type { Json, JsonObject } from '#model'
import { beforeAll, describe, expect, test } from 'vitest'
import { indexRules, type RuleGuard } from '../../services/detection/python/index-rules.ts'
import { readPythonRepository } from '../../services/detection/python/repository.ts'
import { startPython } from '../support/python.ts'
import { programs, sharedModules } from './python-programs.ts'

const samples = readPythonRepository(join(import.meta.dirname, '../fixtures/panther'))

const judging = `
import json
import types
import tripline_guards
import tripline_host

def guards(text):
    return tripline_guards.derive(text)

def load(text):
    given = json.loads(text)
    tripline_host.connect(lambda file: None, lambda id: None, lambda: "{}", lambda tag: "{}")
    answer = tripline_host.load(text)
    return answer

def matching(text):
    """The numbers of the rules that match each event, every rule asked."""
    answer = []
    for event in json.loads(text):
        matched = []
        for number, detection in enumerate(tripline_host._detections):
            subject = tripline_host.PantherEvent(event, tripline_host._models.get("AWS.CloudTrail"))
            try:
                if detection.main(subject) is True:
                    matched.append(detection.id)
            except Exception:
                pass
        answer.append(matched)
    return json.dumps(answer)
`

let call: (name: string, given: unknown) => unknown
beforeAll(async () => {
  call = await startPython(judging)
})

const globals = [...samples.globals, ...sharedModules]
const logType = 'AWS.CloudTrail'
interface Program {
  readonly id: string
  readonly code: string
  readonly mocked: readonly string[]
}

function guardsOf(
  rules: readonly Program[],
  globals: readonly { id: string; code: string }[],
): Readonly<Record<string, RuleGuard>> {
  const given = {
    rules: rules.map(({ id, code, mocked }) => ({ id, code, mocked, logTypes: [logType] })),
    globals,
    dataModels: samples.dataModels,
  }
  const derived = call('guards', given) as Readonly<Record<string, Readonly<Record<string, RuleGuard>>>>
  return Object.fromEntries(Object.entries(derived).map(([id, byType]) => [id, byType[logType] ?? null]))
}

describe('what a rule can match is read from its program', () => {
  test.each(programs)('$title', ({ code, guard }) => {
    const derived = guardsOf([{ id: 'a', code, mocked: [] }], globals)['a']
    expect(derived === undefined ? undefined : written(derived)).toEqual(guard)
  })

  test('a constant that a test mocks is not relied on', () => {
    const code = 'NAME = "A"\n\ndef rule(event):\n    return event.get("eventName") == NAME\n'
    expect(guardsOf([{ id: 'a', code, mocked: ['NAME'] }], [])['a']).toBeNull()
  })
})

/** A guard in few words: `eventName: a b Delete* | …`, denied values after a `!`. */
function written(guard: RuleGuard): string {
  if (guard === null) return 'any'
  const boxes = guard.map((box) =>
    Object.entries(box)
      .map(([path, values]) => {
        if ('not' in values) return `${path}: ! ${values.not.join(' ')}`
        const { in: tokens, prefixes, parts } = values
        return `${path}: ${[...tokens, ...prefixes.map((prefix) => `${prefix}*`), ...parts.map((part) => `*${part}*`)].join(' ')}`
      })
      .toSorted()
      .join(', '),
  )
  return boxes.toSorted().join(' | ').replaceAll('s:', '')
}

test('no rule misses an event: samples and programs over their own and random events, with the index and without', () => {
  const detections = samples.detections
    .filter(({ kind, module }) => kind === 'rule' && !module.file.includes('broken_rules'))
    .map(({ id, kind, module, spec, tests }) => ({ id, kind, module, spec, tests }))
  const written = programs.map(({ code }, index) => ({ id: `program-${index}`, file: `program-${index}.py`, code }))
  const modules = [...detections.map(({ module }) => module), ...written]
  const loaded = call('load', {
    refused: [],
    globals,
    dataModels: samples.dataModels,
    detections: [...detections, ...written.map((module) => ({ id: module.id, kind: 'rule', module, spec: {} }))],
  }) as { readonly loaded: readonly string[] }
  expect(loaded.loaded).toHaveLength(modules.length)

  const guards = guardsOf(
    modules.map(({ id, code }) => ({ id, code, mocked: [] })),
    globals,
  )
  const index = indexRules(modules.map(({ id }) => ({ logTypes: [logType], guards: { [logType]: guards[id] ?? null } })))
  const given = detections.flatMap(({ tests }) => tests.map(({ given }) => JSON.parse(given) as JsonObject))
  const next = randomNumbers(20_261_122)
  const events = [...given, ...randomEvents(3_000), ...given.flatMap((event) => changed(event, 20, next))]
  const matching = call('matching', events) as readonly (readonly string[])[]
  let [asked, matches] = [0, 0]
  for (const [at, event] of events.entries()) {
    const may = new Set(index.mayMatch(logType, event).map((number) => modules[number]?.id))
    asked += may.size
    matches += matching[at]?.length ?? 0
    const missed = (matching[at] ?? []).filter((id) => !may.has(id))
    expect({ event, missed }).toEqual({ event, missed: [] })
  }
  expect(matches).toBeGreaterThan(1_000)
  // Most rules are not asked about most events.
  expect(asked / events.length / modules.length).toBeLessThan(0.45)
})

/** Numbers below a given one; the same at every run. */
function randomNumbers(from: number): (below: number) => number {
  let seed = from
  return (below) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((seed / 2 ** 32) * below)
  }
}

/** Copies of an event, each with some of its values gone, of another type, in other letters, cut, or under a key in other letters. */
function changed(event: JsonObject, count: number, next: (below: number) => number): readonly JsonObject[] {
  const change = (key: string, value: Json): readonly (readonly [string, Json])[] => {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    const ways: readonly (readonly (readonly [string, Json])[])[] = [
      [],
      [[key, null]],
      [[key, [value]]],
      [[key, { [key]: value }]],
      [[key, text.toUpperCase()]],
      [[key, `x${text.slice(next(text.length + 1))}`]],
      [[key, text.slice(0, next(text.length + 1))]],
      [[key, text.replace('s', '\u017F').replace('k', '\u212A')]],
      [[key, next(3) - 1]],
      [[key, next(2) === 0]],
      [[key.toUpperCase(), value]],
      [
        [key.toUpperCase(), 'B'],
        [key, value],
      ],
      [
        [key, value],
        [`${key}x`, value],
      ],
    ]
    return ways[next(ways.length)] ?? []
  }
  const copy = (value: Json, often: number): Json => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    const entries = Object.entries(value as Readonly<Record<string, Json>>).flatMap(([key, own]) =>
      next(often) === 0 ? change(key, own) : [[key, copy(own, often)] as const],
    )
    return Object.fromEntries(entries)
  }
  return Array.from({ length: count }, () => copy(event, 2 + next(10)) as JsonObject)
}

/** Events of a few fields, some of them missing, null, of another type or with a name in other letters; the same at every run. */
function randomEvents(count: number): readonly object[] {
  const next = randomNumbers(20_261_121)
  const words = [
    'A',
    'B',
    'C',
    'D',
    'a',
    '',
    'DeleteTrail',
    'PutObject',
    'CreateUser',
    'ConsoleLogin',
    'TerminateInstances',
    'DELETE',
  ]
  const pools: Readonly<Record<string, readonly unknown[]>> = {
    eventName: [...words, null, 7, true],
    eventSource: [
      'iam.amazonaws.com',
      's3.amazonaws.com',
      'kms.amazonaws.com',
      'IAM.amazonaws.com',
      '\u212Ams.amazonaws.com',
      null,
    ],
    errorCode: ['AccessDenied', '', null, false, 0],
    eventType: ['AwsApiCall', 'AwsConsoleSignIn', 'AwsServiceEvent'],
    readOnly: [true, false, null, 'true', 0, 1],
    awsRegion: ['eu-central-1', 'us-east-1'],
    userAgent: ['Kali Linux', 'a bot', 'PACU/1', 'bot\u017F', '', ['bot'], { bot: 1 }, null, 7, 'aws-cli'],
    sourceIPAddress: ['10.0.0.1', 'config.amazonaws.com', null],
    userIdentity: [
      null,
      'text',
      [],
      { type: 'Root', arn: 'arn:aws:iam::1:root' },
      { Type: 'Root' },
      { type: 'IAMUser', userName: 'bob', arn: 'x/admin' },
      { type: null, arn: null },
      { arn: 'arn:aws:sts::1:assumed-role/a/admin-b' },
      { arn: 'arn:aws:sts::1:Assumed-Role/7/ADMIN-/admin-' },
    ],
    requestParameters: [null, { name: 'A', policyArn: 'x/AdministratorAccess' }, { count: 1 }],
    responseElements: [{ ConsoleLogin: 'Failure' }, { ConsoleLogin: 'Success' }, {}],
  }
  return Array.from({ length: count }, () => {
    const entries = Object.entries(pools).flatMap(([name, pool]) => {
      if (next(10) < 2) return []
      const key = next(12) === 0 ? name.toUpperCase() : name
      return [[key, pool[next(pool.length)]] as const]
    })
    return Object.fromEntries(entries)
  })
}
