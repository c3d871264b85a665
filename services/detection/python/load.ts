import { createHash } from 'node:crypto'
import { lstatSync } from 'node:fs'
import { extname } from 'node:path'
import type { Detection } from '#model'
import type { Broken } from '../load.ts'
import { isOff } from '../off.ts'
import type { PythonCode } from './protocol.ts'
import type { ReadOptions } from './read-items.ts'
import { readPythonRepository, type NotRun, type PythonDataModel, type PythonDetection, type PythonModule } from './repository.ts'

/** All that folders in Panther's layout hold, ready for an evaluator. */
export interface PythonFolders {
  readonly globals: readonly PythonModule[]
  readonly dataModels: readonly PythonDataModel[]
  readonly detections: readonly (PythonCode & { readonly tests: PythonDetection['tests'] })[]
  readonly broken: readonly Broken[]
  /** What is there and is not run, each with its reason. */
  readonly notRun: readonly NotRun[]
  /** What is tested, and not run, each with its reason. */
  readonly idle: readonly NotRun[]
  /** What authors may not expect of what is used. */
  readonly notes: readonly Broken[]
}

/** Part of every fingerprint: raised when this engine would judge the same code differently. */
const engineVersion = 'python-1'

export interface PythonLoading {
  readonly folders: readonly string[]
  /** The folder of a bundle: what it has replaces what the folders have. */
  readonly bundle: string | null
  /** Patterns of ids that do not run. */
  readonly disabled: readonly string[]
  readonly reading?: ReadOptions
}

const everything: ReadOptions = { ignored: [], extraKeys: 'refused' }

/** Reads the folders that hold detections in Panther's layout; others come to nothing. */
export function loadPython({ folders, bundle, disabled, reading }: PythonLoading): PythonFolders {
  const uploaded = bundle === null ? [] : [readPythonRepository(bundle, { ...(reading ?? everything), startedIn: null })]
  const found = [...uploaded, ...folders.filter(isReadable).map((folder) => readPythonRepository(folder, reading))]
  const broken: Broken[] = found.flatMap((each) => each.broken)
  const winners = new Set(
    uploaded.flatMap(({ globals: own, dataModels: models, detections: all }) => [own, models, all].flat().map(({ file }) => file)),
  )
  const uniqueBy = <Item extends { readonly id: string; readonly file: string }>(items: readonly Item[]): readonly Item[] => {
    const kept = new Map<string, Item>()
    for (const item of items) {
      const twin = kept.get(item.id)
      if (twin === undefined) kept.set(item.id, item)
      // A file that two folders reach is one.
      else if (twin.file !== item.file && !winners.has(twin.file))
        broken.push({ file: item.file, message: `id ${item.id} is taken by ${twin.file}; the first is used` })
    }
    return [...kept.values()]
  }
  const globals = uniqueBy(found.flatMap((each) => each.globals))
  const dataModels = uniqueBy(found.flatMap((each) => each.dataModels))
  const detections = uniqueBy(found.flatMap((each) => each.detections))
  const hashOf = hasher(globals)
  return {
    globals,
    dataModels,
    broken,
    notRun: onceEach(found.flatMap((each) => each.notRun)),
    idle: [
      ...detections.flatMap((each) => {
        const reason = idleReason(each, disabled)
        return reason === null ? [] : { file: each.file, id: each.id, kind: each.kind, reason }
      }),
      ...dataModels.flatMap(({ file, id, enabled }) => (enabled ? [] : { file, id, kind: 'datamodel', reason: idleReasons.off })),
    ],
    notes: found.flatMap((each) => each.notes),
    detections: detections.map((each) => ({
      loaded: {
        detection: detectionOf(each, hashOf(each)),
        enabled: idleReason(each, disabled) === null,
        slots: each.slots,
      },
      kind: each.kind,
      module: each.module,
      summaryAttributes: each.spec.summaryAttributes,
      mocked: each.tests.flatMap(({ mocks }) => mocks.map(({ objectName }) => objectName)),
      tests: each.tests,
    })),
  }
}

const idleReasons = {
  off: 'Enabled: false',
  configured: 'disabled in the configuration',
  scheduled: 'scheduled rules are tested and not run: nobody makes their queries here',
}

/** Why a detection is tested and not run; null: it is run. */
function idleReason({ id, kind, enabled, spec: { status } }: PythonDetection, disabled: readonly string[]): string | null {
  if (kind === 'scheduled_rule') return idleReasons.scheduled
  if (!enabled) return idleReasons.off
  // What its author tries or gave up is tested, and as in Panther goes no further.
  if (['experimental', 'deprecated'].includes(status.toLowerCase())) return `Status: ${status}`
  return isOff(id, disabled) ? idleReasons.configured : null
}

/** A file that two folders reach is one. */
function onceEach(notRun: readonly NotRun[]): readonly NotRun[] {
  return [...new Map(notRun.map((each) => [each.file, each])).values()]
}

function isReadable(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found !== undefined && (found.isDirectory() || ['.yml', '.yaml', '.json'].includes(extname(path)))
}

function detectionOf({ id, kind, file, spec }: PythonDetection, fingerprint: string): Detection {
  const isPolicy = kind === 'policy'
  return {
    id,
    kind: isPolicy ? 'policy' : 'rule',
    displayName: spec.displayName,
    severity: spec.severity,
    description: spec.description,
    runbook: spec.runbook === '' ? null : spec.runbook,
    reference: spec.reference === '' ? null : spec.reference,
    tags: spec.tags,
    reports: spec.reports,
    resourceTypes: isPolicy ? spec.resourceTypes : [],
    logTypes: isPolicy ? [] : spec.logTypes,
    dedupPeriodMinutes: spec.dedupPeriodMinutes,
    threshold: spec.threshold,
    createAlert: spec.createAlert,
    staged: spec.status.toLowerCase() === 'staged',
    match: null,
    graceSeconds: isPolicy ? 20 : 0,
    destinations: spec.outputIds,
    suppressions: isPolicy ? spec.suppressions : [],
    fingerprint,
    file,
  }
}

/** Hash of a detection's code, of the shared modules that it names, and of what its specification says. */
function hasher(globals: readonly PythonModule[]): (detection: PythonDetection) => string {
  const named = new Map(globals.map(({ id, code }) => [id, { code, words: wordsOf(code) }]))
  return ({ module, spec }) => {
    const reached = new Set<string>()
    const waiting = [wordsOf(module.code)]
    for (const words of waiting) {
      for (const [id, global] of named) {
        if (reached.has(id) || !words.has(id)) continue
        reached.add(id)
        waiting.push(global.words)
      }
    }
    const hash = createHash('sha256').update(`${engineVersion}\n${module.code}\n${JSON.stringify(spec)}\n`)
    for (const id of [...reached].toSorted()) hash.update(`${id}\n${named.get(id)?.code}\n`)
    return hash.digest('hex')
  }
}

function wordsOf(code: string): ReadonlySet<string> {
  return new Set(code.match(/\w+/gu) ?? [])
}
