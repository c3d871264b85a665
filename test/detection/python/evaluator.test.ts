import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEvaluator, type Evaluator } from '#detection'
import type { Json, JsonObject } from '#model'
import { aBody, aBucket, aRule, account, trust, type Folder } from '../world.ts'
import { aRepository } from './world.ts'

let folder: Folder
let evaluator: Evaluator
const other = 'arn:aws:s3:::logs'
const inventory = async (ids: readonly string[]): Promise<Map<string, JsonObject>> =>
  await Promise.resolve(new Map(ids.flatMap((id) => (id === other ? [[id, { Name: 'logs' }] as const] : []))))

beforeAll(async () => {
  folder = await aRepository(
    {
      Words: {
        code: `
from helpers import actor
seen = None
def rule(event):
    global seen
    seen = event.get("EVENTNAME")
    return seen == "Words"
def title(event): return f"{seen} by {actor(event)} {event.get('resources')}"
def dedup(event): return event.udm("who")
def severity(event): return "critical"
def description(event): return "D" * 2000
def reference(event): return "https://example.com/" + event["eventID"]
def runbook(event): return ""
def destinations(event): return ["#a"] * 12
def alert_context(event): return {"identity": event.get("userIdentity"), "p": event.get("p_log_type"), "ips": event.get("p_any_ip_addresses").copy()}
def unique(event): return event.deep_get("requestParameters", "key")
`,
        spec: { Threshold: 3, DedupPeriodMinutes: 15, SummaryAttributes: ['sourceIPAddress'], Severity: 'Low' },
      },
      Faulty: {
        code: `
def rule(event): return event["eventName"] == "Words"
def title(event): return 7
def severity(event): return "DEFAULT"
def dedup(event): raise ValueError("no")
def alert_context(event): return 1 / 0
`,
      },
      Truthy: { code: 'def rule(event): return "yes" if event.get("eventName") == "Truthy" else False' },
      Raises: {
        code: 'def rule(event):\n    if event.get("eventName") == "Raises": print("looking"); return event["nothing"]\n    return False',
      },
      Loops: {
        code: 'def rule(event):\n    while event.get("eventName") == "Loops": pass\n    return event.get("eventName") == "Loops"',
      },
      // Called like a module that nobody has imported yet.
      statistics: { code: 'def mean(_): return -1\ndef rule(event): return event.get("eventName") == "statistics"' },
      Means: {
        code: `
def rule(event):
    if event.get("eventName") != "Means": return False
    import statistics
    return statistics.mean([1, 3]) == 2
`,
      },
      Greedy: {
        code: 'def rule(event):\n    return event.get("eventName") == "Greedy" and len([bytearray(60_000_000) for _ in range(9)]) > 0',
      },
      Partly: {
        code: `
import json
LOOKS = {
    "get": lambda event: event.get("REQUESTPARAMETERS").get("a")[1]["b"],
    "deep_get": lambda event: event.deep_get("requestParameters", "a"),
    "deep_walk": lambda event: event.deep_walk("requestParameters", "a", "b"),
    "udm": lambda event: event.udm("who"),
    "in": lambda event: "requestParameters" in event and "resources" in event and "nothing" not in event,
    "items": lambda event: dict(event.items())["requestParameters"]["a"][0],
    "copy": lambda event: event.to_dict()["requestParameters"],
    "json": lambda event: json.loads(json.dumps(event, default=event.json_encoder))["requestParameters"],
    "repr": lambda event: "'requestParameters': {'a': [1, {'b': 'c'}]}" in repr(event),
    "equal": lambda event: event == event.to_dict(),
    "added": lambda event: event.get("p_log_type") and event["requestParameters"]["a"][0],
    "missing": lambda event: event.get("errorCode", "none") + str(len(event["resources"])),
    "kept": lambda event: event._container.update(mine=[2]) or event["mine"][0] + event["requestParameters"]["a"][0],
}
def rule(event): return event.get("eventName") == "Partly"
def title(event): return str(LOOKS[event["eventID"]](event))
`,
      },
      Learns: {
        code: `
def rule(event):
    return event.get("eventName") == "Learns" and event.deep_get("requestParameters", "a") == 1 and event.get("errorCode") == "E"
`,
      },
      Hoards: {
        code: `
KEPT = []
def rule(event): return event.get("eventName") == "Hoards" and (KEPT.append(event) or True)
def title(event): return event["eventID"] if len(KEPT) == 1 else f"{KEPT[0]['requestParameters']['a']} of {KEPT[0]['p_log_type']}"
`,
      },
      Looks: {
        code: 'from panther import resource_lookup\ndef rule(event): return event.get("eventName") == "Looks" and resource_lookup("arn:aws:s3:::logs")["Name"] == "logs"',
      },
      Public: {
        kind: 'policy',
        code: `
import json
import boto3
def look(id): return boto3.resource("dynamodb").Table("panther-resources").get_item(Key={"id": id}).get("Item", {}).get("attributes")
def policy(resource):
    resource["Mine"] = 1
    if resource["LoggingPolicy"] is None: return False
    return look("arn:aws:s3:::logs")["Name"] == resource["LoggingPolicy"] and look("arn:nothing") is None
def title(resource): return f"{resource['Name']} {resource['Mine']}"
`,
        spec: { Suppressions: ['*-quiet'] },
      },
      Unmoved: { kind: 'policy', code: 'def policy(resource): return "Mine" not in resource' },
      // What all share is theirs after each of these, or none of the other tests holds.
      Changes: { code: 'import tripline_cache\ndef rule(event): return True\ntripline_cache.refresh = rule' },
      Dumps: { code: 'import json\ndef rule(event): return True\njson.dumps = lambda *_, **__: "[]"\n1 / 0' },
      Answers: { code: 'from panther_core import PantherEvent\nPantherEvent.get = lambda *_: None\ndef rule(event): return True' },
      Hides: { code: 'import sys\ndef rule(event): return True\nsys.modules["panther_core"] = None' },
      Missing: { code: 'import requests\ndef rule(event): return True' },
      Twin: { code: 'def rule(event): return True' },
    },
    { helpers: 'def actor(event):\n    return event.deep_get("userIdentity", "userName", default="nobody")\n' },
    {
      'rules/twin.ts': aRule('Twin', 'return false'),
      'rules/typed.ts': aRule('Typed', 'return record.eventID === "typed"', { names: ['Words'] }),
      'data_models/trail.yml': `AnalysisType: datamodel\nDataModelID: Trail\nEnabled: true\nLogTypes: [AWS.CloudTrail]\nMappings:\n  - Name: who\n    Path: $.userIdentity.userName\n`,
    },
  )
  evaluator = await createEvaluator({ folders: [folder.path], trust, lookUp: inventory, memoryMb: 160, timeoutMs: 600 })
})
afterAll(async () => {
  await evaluator[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

async function judge(own: Readonly<Record<string, Json>>) {
  const [judged] = await evaluator.judgeBodies([aBody(own)])
  return { matches: judged?.records[0]?.matches ?? [], failures: judged?.records[0]?.failures ?? [] }
}

describe('a Python rule', () => {
  test("says everything of its match, cut to Panther's limits, in one go with rules in TypeScript", async () => {
    const { matches, failures } = await judge({
      eventName: 'Words',
      eventID: 'typed',
      sourceIPAddress: '192.0.2.7',
      resources: ['a', 1],
      requestParameters: { key: 'one' },
    })
    expect(failures).toEqual([])
    const [typed, faulty, words] = matches
    expect(typed?.detectionId).toBe('Typed')
    expect(words).toMatchObject({
      detectionId: 'Words',
      title: "Words by mallory ImmutableList(('a', 1))",
      dedup: 'mallory',
      severity: 'CRITICAL',
      reference: 'https://example.com/typed',
      unique: 'one',
      destinations: Array.from({ length: 10 }, () => '#a'),
      summary: [['sourceIPAddress', '192.0.2.7']],
      context: { identity: { userName: 'mallory' }, p: 'AWS.CloudTrail', ips: ['192.0.2.7'] },
    })
    expect(words?.description).toHaveLength(1_000)
    expect(words?.description?.endsWith('... (truncated)')).toBe(true)
    expect(words).not.toHaveProperty('runbook')
    // What its functions fail to say, defaults say.
    expect(faulty).toMatchObject({ detectionId: 'Faulty', title: 'Faulty', dedup: 'defaultDedupString:Faulty', severity: 'MEDIUM' })
    expect(faulty?.context).toEqual({ _error: "ZeroDivisionError('division by zero')" })
    expect(evaluator.detections.find(({ id }) => id === 'Words')).toMatchObject({ threshold: 3, dedupPeriodMinutes: 15 })
  })

  test('that answers no boolean or raises is an error with its exception, and others are judged', async () => {
    expect((await judge({ eventName: 'Truthy' })).failures).toEqual([
      {
        detectionId: 'Truthy',
        reason: 'wrong-type',
        message: 'detection [Truthy] function [rule] returned [str]; allowed: [bool]',
      },
    ])
    expect((await judge({ eventName: 'Raises' })).failures).toEqual([
      { detectionId: 'Raises', reason: 'threw', message: "KeyError: 'nothing' (Raises.py, line 2)" },
    ])
  })

  test('is no module to others, whatever it is called', async () => {
    const ids = async (eventName: string) => (await judge({ eventName })).matches.map(({ detectionId }) => detectionId)
    expect(await ids('Means')).toContain('Means')
    expect(await ids('statistics')).toContain('statistics')
  })

  test.each([
    ['get', 'c'],
    ['deep_get', "ImmutableList((1, {'b': 'c'}))"],
    ['deep_walk', 'c'],
    ['udm', 'mallory'],
    ['in', 'True'],
    ['items', '1'],
    ['copy', "{'a': [1, {'b': 'c'}]}"],
    ['json', "{'a': [1, {'b': 'c'}]}"],
    ['repr', 'True'],
    ['equal', 'True'],
    ['added', '1'],
    ['missing', 'none0'],
    ['kept', '3'],
  ])('finds all of an event, however it looks first: %s', async (eventID, title) => {
    const given = { eventName: 'Partly', eventID, requestParameters: { a: [1, { b: 'c' }] }, resources: [] }
    const { matches, failures } = await judge(given)
    expect(failures).toEqual([])
    expect(matches.find(({ detectionId }) => detectionId === 'Partly')?.title).toBe(title)
  })

  test('is handed numbers as they were written', async () => {
    const body = aBody({ eventName: 'Partly', eventID: 'added', requestParameters: { a: [1] } })
    const bodies = ['12345678901234567891', '-9007199254740993', '2.0'].map((number) => body.replace('"a":[1]', `"a":[${number}]`))
    const judged = await evaluator.judgeBodies(bodies)
    const titles = judged.flatMap(({ records }) => records.flatMap(({ matches }) => matches.map(({ title }) => title)))
    expect(titles).toEqual(['12345678901234567891', '-9007199254740993', '2.0'])
  })

  test('finds the same whether it is the first to look or has looked often', async () => {
    const a = { requestParameters: { a: 1 } }
    const fitting = [
      { ...a, errorCode: 'E' },
      { ...a, ERRORCODE: 'E' },
      { requestparameters: { A: 1 }, errorCode: 'E' },
    ]
    const others = [a, { errorCode: 'E' }, { ...a, errorCode: ['E'] }, { ...a, errorCode: null, ErrorCode: 'E' }]
    const bodies = [...fitting, ...others].map((own) => aBody({ eventName: 'Learns', ...own }))
    for (let round = 0; round < 5; round += 1) {
      const judged = await evaluator.judgeBodies(bodies)
      expect(judged.map(({ records }) => records.map(({ failures }) => failures)).flat(2)).toEqual([])
      expect(judged.map(({ records }) => records.flatMap(({ matches }) => matches).length)).toEqual([1, 1, 1, 0, 0, 0, 0])
    }
  })

  test('may keep an event and look at it over a later one', async () => {
    await judge({ eventName: 'Hoards', eventID: 'first', requestParameters: { a: 1 } })
    const { matches } = await judge({ eventName: 'Hoards', eventID: 'second', requestParameters: { a: 2 } })
    expect(matches.find(({ detectionId }) => detectionId === 'Hoards')?.title).toBe('1 of AWS.CloudTrail')
  })

  test('looks resources up in the inventory', async () => {
    expect((await judge({ eventName: 'Looks' })).matches.map(({ detectionId }) => detectionId)).toEqual(['Looks'])
  })
})

describe('a Python policy', () => {
  const outcomes = async (own: Readonly<Record<string, Json>>, id?: string) =>
    (await evaluator.judgeResources([aBucket(own, id)], inventory))[0]?.outcomes

  test('is handed a dictionary of its own, looks up others, and says which', async () => {
    expect(await outcomes({ LoggingPolicy: 'logs', Name: 'exports' })).toEqual([
      { detectionId: 'Public', outcome: 'pass', validUntil: null, lookedUp: [other, 'arn:nothing'] },
      { detectionId: 'Unmoved', outcome: 'pass', validUntil: null, lookedUp: [] },
    ])
    expect((await outcomes({ LoggingPolicy: null, Name: 'exports' }))?.[0]).toMatchObject({
      outcome: 'fail',
      violations: [{ key: '', title: 'exports 1', severity: 'MEDIUM' }],
    })
  })

  test("waits for a store that cannot be read: the error is the caller's, and the next time goes well", async () => {
    const silent = async (): Promise<never> => await Promise.reject(new TypeError('the store does not answer'))
    const bucket = aBucket({ LoggingPolicy: 'logs', Name: 'exports' })
    await expect(evaluator.judgeResources([bucket], silent)).rejects.toThrow('the store does not answer')
    expect((await evaluator.judgeResources([bucket], inventory))[0]?.outcomes[0]).toMatchObject({ outcome: 'pass' })
  })

  test('leaves suppressed resources alone, and is unknown where it raises', async () => {
    expect((await outcomes({}, 'arn:aws:s3:::x-quiet'))?.[0]).toMatchObject({ outcome: 'pass' })
    const { LoggingPolicy: _gone, ...attributes } = aBucket().attributes
    const [judged] = await evaluator.judgeResources([{ ...aBucket(), attributes }], inventory)
    expect(judged?.outcomes[0]).toMatchObject({ outcome: 'unknown', failure: { reason: 'threw' } })
  })
})

test('what cannot be loaded is named with its reason, and an id that is taken stays with whom it belongs to', () => {
  const shared = (name: string, changed: string): string =>
    `${name}: ImportError: changes ${changed}, which all detections share; allowed: changes to what is its own`
  expect(evaluator.broken.map(({ message }) => message)).toEqual([
    shared('Answers', 'panther_core.event.PantherEvent.get'),
    shared('Changes', 'tripline_cache.refresh'),
    'Dumps: ZeroDivisionError: division by zero (Dumps.py, line 4)',
    shared('Hides', `sys.modules['panther_core']`),
    'Missing: ImportError: requests is not there: detections have no network; enrichment asks other services, after a match (Missing.py, line 1)',
    'id Twin is taken by a detection in TypeScript; that one is used',
  ])
  expect(evaluator.detections.filter(({ id }) => id === 'Twin')).toHaveLength(1)
})

test('what hangs or takes all memory is interrupted, and only it has no verdict', async () => {
  const judged = await evaluator.judgeBodies([
    aBody({ eventName: 'Loops' }),
    aBody({ eventName: 'Greedy' }),
    aBody({ eventName: 'Looks', recipientAccountId: account }),
  ])
  expect(judged.map(({ records }) => records[0]?.failures.map(({ detectionId, reason }) => [detectionId, reason]))).toEqual([
    [['Loops', 'timeout']],
    [['Greedy', 'memory']],
    [],
  ])
})
