import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile, mkdir } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import type { Figure } from '../../services/cli/bench-command.ts'
import { evaluatorDefaults } from '../../services/detection/create-evaluator.ts'
import { cpuMsOf } from '../../services/detection/child-process.ts'
import { createCacheLink } from '../../services/detection/python/cache-link.ts'
import { loadPython } from '../../services/detection/python/load.ts'
import { openPython, type PythonEvaluator } from '../../services/detection/python/open-python.ts'

const fixtures = new URL('../fixtures/cloudtrail/', import.meta.url)
const lib = fileURLToPath(new URL('../../services/detection/python/lib', import.meta.url))
const [bound, free] = [120, 10]
const trust = { accounts: null, regions: null, times: 'any' } as const
const rounds = 5
const roundMs = 1_500

/**
 * Events a second of the Python evaluator from JSON text, in its own processor time, with 130 rules: as ratios, in one run, of the same
 * rules called one by one for every event in native Python 3.11, where there is one, and of the same evaluator without its index. Native
 * Python wraps each event twice: in our own event object, which is fast, and in a plain one, as one writes it.
 */
export async function bench(): Promise<{ name: string; figures: Figure[] }> {
  const bodies = await readBodies()
  const folder = await mkdtemp(join(tmpdir(), 'tripline-python-'))
  try {
    await writeRules(folder, namesIn(bodies))
    await writeFile(join(folder, 'events.ndjson'), bodies.join('\n'))
    await writeFile(join(folder, 'native.py'), native)
    const begun = performance.now()
    await using indexed = await open(folder, true)
    const startMs = performance.now() - begun
    await using plain = await open(folder, false)
    await writeFile(join(folder, 'rules/r0.py'), unread)
    await using crossing = await open(folder, true)
    await writeFile(join(folder, 'rules/r0.py'), guarded(0, ...nameOf(0, namesIn(bodies))))
    const [first = 0, second = 0, third = 0] = await children()
    const rates = {
      fast: [] as number[],
      slow: [] as number[],
      crossing: [] as number[],
      own: [] as number[],
      plain: [] as number[],
    }
    for (let round = 0; round < rounds; round += 1) {
      rates.fast.push(await rateOf(indexed, bodies, first))
      rates.slow.push(await rateOf(plain, bodies, second))
      rates.crossing.push(await rateOf(crossing, bodies, third))
      rates.own.push(await nativeRate(folder, 'own'))
      rates.plain.push(await nativeRate(folder, 'plain'))
    }
    const [withIndex, without, unguarded] = [median(rates.fast), median(rates.slow), median(rates.crossing)]
    const [own, wrapped] = [median(rates.own), median(rates.plain)]
    const machine = `${bound + free} rules over ${bodies.length} records, ${cpus()[0]?.model ?? 'unknown'}`
    const nativeText = (rate: number, event: string): string =>
      Number.isNaN(rate)
        ? 'native Python 3.11, which is not here'
        : `native Python 3.11, each rule called for every event, ${event} (${Math.round(rate)} events/s)`
    const figures: Figure[] = [
      {
        name: `a: with the index (${Math.round(withIndex)} events/s)`,
        value: withIndex / own,
        unit: 'times',
        of: `${nativeText(own, 'with our event object')}; ${machine}`,
        aim: '5',
      },
      { name: 'a: the same', value: withIndex / wrapped, unit: 'times', of: nativeText(wrapped, 'with a plain event object') },
      {
        name: `a: where a rule has no guard that can be read (${Math.round(unguarded)} events/s)`,
        value: unguarded / own,
        unit: 'times',
        of: nativeText(own, 'with our event object'),
      },
      { name: 'b: with the index', value: withIndex / without, unit: 'times', of: `without it (${Math.round(without)} events/s)` },
      { name: 'c: cold start to ready', value: startMs / 1_000, unit: 's', of: `a process with ${bound + free} rules`, aim: '2.5' },
      { name: 'd: memory of a host', value: await residentMb(first), unit: 'MB', of: 'resident', aim: 'at most 300' },
      { name: 'd: the same', value: await residentMb(third), unit: 'MB', of: 'resident, every event handed to Python' },
    ]
    return { name: 'python', figures }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function open(folder: string, index: boolean): Promise<PythonEvaluator> {
  const read = loadPython({ folders: [folder], bundle: null, disabled: [] })
  const evaluator = await openPython(read, { ...evaluatorDefaults, trust, cache: createCacheLink(null), index })
  if (evaluator.detections.length !== bound + free) throw new Error(evaluator.broken.map(({ message }) => message).join('; '))
  return evaluator
}

/** The children of this process, the oldest first. */
async function children(): Promise<readonly number[]> {
  const text = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
  return text.trim().split(' ').map(Number)
}

async function residentMb(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/u.exec(text)?.[1]) / 1_024
}

async function rateOf(evaluator: PythonEvaluator, bodies: readonly string[], pid: number): Promise<number> {
  let events = 0
  const [begun, cpu] = [performance.now(), cpuMsOf(pid)]
  while (performance.now() - begun < roundMs) {
    for (let from = 0; from < bodies.length; from += 200) await evaluator.judgeBodies(bodies.slice(from, from + 200))
    events += bodies.length
  }
  return (events * 1_000) / (cpuMsOf(pid) - cpu)
}

/** NaN where there is no native Python. */
async function nativeRate(folder: string, event: 'own' | 'plain'): Promise<number> {
  try {
    const { stdout } = await promisify(execFile)('python3.11', [join(folder, 'native.py'), folder, lib, event])
    return Number(stdout.trim())
  } catch {
    return Number.NaN
  }
}

const native = `
import glob, json, sys, time, types
from collections.abc import Mapping, Sequence
folder, lib, which = sys.argv[1:]
sys.path.insert(0, lib)
sys.path.insert(0, folder + "/global_helpers")

def wrap(value):
    if type(value) is dict:
        return PlainEvent(value)
    return PlainList(value) if type(value) is list else value

class PlainList(Sequence):
    def __init__(self, items):
        self.items = items
    def __getitem__(self, index):
        return wrap(self.items[index])
    def __len__(self):
        return len(self.items)

class PlainEvent(Mapping):
    def __init__(self, event):
        self.event = event
    def __getitem__(self, key):
        if key in self.event:
            return wrap(self.event[key])
        for each in self.event:
            if each.lower() == key.lower():
                return wrap(self.event[each])
        raise KeyError(key)
    def __iter__(self):
        return iter(self.event)
    def __len__(self):
        return len(self.event)
    def deep_get(self, *keys, default=None):
        here = self
        for key in keys:
            if not isinstance(here, Mapping):
                return default
            here = here.get(key)
        return default if here is None else here
    @staticmethod
    def json_encoder(value):
        return value.event if isinstance(value, PlainEvent) else value.items

if which == "own":
    from panther_core import PantherEvent as Event
else:
    Event = PlainEvent
rules = []
for file in sorted(glob.glob(folder + "/rules/*.py")):
    module = types.ModuleType(file)
    exec(compile(open(file).read(), file, "exec"), module.__dict__)
    rules.append(module)
lines = open(folder + "/events.ndjson").read().split("\\n")
begun = time.process_time()
events = 0
while time.process_time() - begun < 2:
    for line in lines:
        event = Event(json.loads(line))
        for rule in rules:
            try:
                if rule.rule(event):
                    rule.title(event)
                    json.dumps(rule.alert_context(event), default=Event.json_encoder)
            except Exception:
                pass
    events += len(lines)
print(events / (time.process_time() - begun))
`

/** Rules with the guards of public ones: a name, several, a source with a failed call, a prefix, an early return. */
async function writeRules(folder: string, names: readonly (readonly [source: string, name: string])[]): Promise<void> {
  await mkdir(join(folder, 'rules'))
  await mkdir(join(folder, 'global_helpers'))
  await writeFile(join(folder, 'global_helpers/helpers.py'), helpers)
  await writeFile(
    join(folder, 'global_helpers/helpers.json'),
    JSON.stringify({ AnalysisType: 'global', GlobalID: 'helpers', Filename: 'helpers.py' }),
  )
  for (let number = 0; number < bound + free; number += 1) {
    // Most public rules look for what seldom happens: few of their names are in these records.
    const code = number < bound ? guarded(number % 6, ...nameOf(number, names)) : unguarded(number)
    const id = `Bench.${number}`
    await writeFile(join(folder, `rules/r${number}.py`), code)
    const spec = {
      AnalysisType: 'rule',
      RuleID: id,
      Enabled: true,
      Filename: `r${number}.py`,
      Severity: 'Low',
      LogTypes: ['AWS.CloudTrail'],
    }
    await writeFile(join(folder, `rules/r${number}.json`), JSON.stringify(spec))
  }
}

function nameOf(number: number, names: readonly (readonly [source: string, name: string])[]): readonly [string, string] {
  const [source, seen] = names[(number * 7) % names.length] ?? ['', '']
  return [source, number % 12 === 2 ? seen : `${seen}${number}`]
}

const helpers = `
def aws_success(event):
    return not event.get("errorCode") and not event.get("errorMessage")
def context(event):
    return {"user": event.get("userIdentity"), "name": event.get("eventName"), "ip": event.get("sourceIPAddress")}
`
const told = `
def title(event): return f"{event.get('eventName')} by {event.deep_get('userIdentity', 'arn', default='unknown')}"
def alert_context(event): return context(event)
`

function guarded(shape: number, source: string, name: string): string {
  const head = 'from helpers import aws_success, context\n'
  const bodies = [
    `def rule(event): return aws_success(event) and event.get("eventName") == "${name}"`,
    `NAMES = {"${name}", "${name}V2", "Batch${name}"}\ndef rule(event): return event.get("eventName") in NAMES and aws_success(event) and event.deep_get("userIdentity", "type") != "AWSService"`,
    `def rule(event):\n    if event.get("eventSource") != "${source}" or event.get("eventName") != "${name}":\n        return False\n    return bool(event.deep_get("requestParameters", "force"))`,
    `def rule(event): return all([event.get("eventSource") == "${source}", event.get("eventName", "").startswith("${name}"), event.get("errorCode") == "AccessDenied"])`,
    `def rule(event):\n    return event.get("eventSource") == "${source}" and event.get("eventName") == "${name}" and "*" in (event.deep_get("requestParameters", "policy") or "")`,
    `def rule(event):\n    if not aws_success(event): return False\n    if event.get("eventName") == "${name}":\n        for item in event.deep_get("requestParameters", "ipPermissions", "items", default=[]):\n            if item.get("fromPort") == 22: return True\n    return False`,
  ]
  return `${head}${bodies[shape]}\n${told}`
}

/** Bound by no name, but by another field. */
function unguarded(number: number): string {
  const bodies = [
    `def rule(event): return event.deep_get("userIdentity", "userName") == "nobody-${number}"`,
    `def rule(event): return event.get("errorCode") == "Client.UnauthorizedOperation${number}"`,
    `def rule(event): return event.deep_get("userIdentity", "type") == "Root" and event.get("userAgent", "").startswith("evil-${number}")`,
    `def rule(event): return event.deep_get("requestParameters", "roleName") == "admin-${number}"`,
    `def rule(event): return "evil-${number}" in event.get("userAgent", "")`,
  ]
  return `from helpers import context\n${bodies[number % bodies.length]}\n${told}`
}

/** Says nothing of the events that it can match: each is handed to Python. */
const unread = `from helpers import context
def rule(event):
    issuer = event.deep_get("userIdentity", "sessionContext", "sessionIssuer", "userName", default="")
    return len(event.get("userAgent", "")) > 2048 or issuer not in event.deep_get("userIdentity", "arn", default="")
${told}`

async function readBodies(): Promise<readonly string[]> {
  const bodies: string[] = []
  for (const file of (await readdir(fixtures)).filter((each) => each.endsWith('.gz')).toSorted()) {
    const { Records } = JSON.parse(gunzipSync(await readFile(new URL(file, fixtures))).toString('utf8')) as {
      Records: readonly object[]
    }
    bodies.push(...Records.map((record) => JSON.stringify(record)))
  }
  return bodies
}

function namesIn(bodies: readonly string[]): readonly (readonly [string, string])[] {
  const found = bodies.map((body) => JSON.parse(body) as { eventSource: string; eventName: string })
  return [...new Map(found.map(({ eventSource, eventName }) => [eventName, [eventSource, eventName] as const])).values()]
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
