import type { RuleGuard } from '../../services/detection/python/index-rules.ts'
import type { PythonRepository } from '../../services/detection/python/repository.ts'
import { startPython } from '../support/python.ts'

/** How many rules are bound to events by what their programs say. */
export async function readGuards({ detections, globals, dataModels }: PythonRepository): Promise<string> {
  const call = await startPython('import tripline_guards\n\ndef guards(text):\n    return tripline_guards.derive(text)\n')
  const rules = detections.map(({ id, module, spec, tests }) => {
    const mocked = tests.flatMap(({ mocks }) => mocks.map(({ objectName }) => objectName))
    return { id, code: module.code, mocked: [...new Set(mocked)], logTypes: spec.logTypes }
  })
  const derived = call('guards', { rules, globals, dataModels }) as Readonly<Record<string, Readonly<Record<string, RuleGuard>>>>
  const all = rules.flatMap(({ id, logTypes }) => logTypes.map((logType) => ({ logType, guard: derived[id]?.[logType] ?? null })))
  const cloudTrail = all.filter(({ logType }) => logType === 'AWS.CloudTrail')
  const byName = cloudTrail.filter(({ guard }) =>
    guard?.every((box) => Object.keys(box).some((path) => /event(?:name|source)/iu.test(path))),
  )
  const bound = (some: typeof all): string => `${some.filter(({ guard }) => guard !== null).length} of ${some.length}`
  return (
    `guards: ${bound(all)} rules (once a log type) are bound by a field; ` +
    `of CloudTrail's ${bound(cloudTrail)}, ${byName.length} by event name or source`
  )
}
