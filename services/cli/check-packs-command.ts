import { existsSync } from 'node:fs'
import { checkPacks, type Pack, type PackReport } from '#detection'
import { readSettings, type GivenSettings } from './test-settings.ts'
import { mark, tellBroken } from './test-words.ts'
import { counted, visible } from './words.ts'

export interface CheckPacksOptions {
  readonly paths: readonly string[]
  readonly settings: Pick<GivenSettings, 'ignoreFiles'>
  readonly json: boolean
}

/**
 * `tripline check-packs [PATH]`: whether each pack holds all that its items need. Exit code 0 when all do, 1 when one lacks something or
 * an item is invalid, 2 for misuse.
 */
export function checkPacksCommand({ paths, settings, json }: CheckPacksOptions): number {
  const set = readSettings({ ...settings, paths }, process.env)
  const [path = '.'] = set.paths
  if (!existsSync(path)) {
    process.stderr.write(`check-packs: given ${path}, which is not there; allowed: a folder in Panther's layout\n`)
    return 2
  }
  const report = checkPacks(path, { ignored: set.ignoreFiles, extraKeys: 'ignored' })
  const failed = report.packs.filter((pack) => !isWhole(pack)).length
  const { packs, unpacked, broken } = report
  const summary = { packs: packs.length, passed: packs.length - failed, failed, invalid: broken.length, unpacked: unpacked.length }
  if (json) {
    for (const { id, ...pack } of packs) print(JSON.stringify({ pack: id, passed: isWhole({ id, ...pack }), ...pack }))
    for (const { file, message } of broken) print(JSON.stringify({ invalid: file, message }))
    for (const { id, kind } of unpacked) print(JSON.stringify({ unpacked: id, kind }))
    print(JSON.stringify({ summary }))
  } else for (const each of tell(path, report, failed)) print(each)
  return failed + broken.length > 0 ? 1 : 0
}

function isWhole({ lacks, unknown }: Pack): boolean {
  return lacks.length + unknown.length === 0
}

function tell(path: string, { packs, unpacked, broken }: PackReport, failed: number): readonly string[] {
  const lines = packs.flatMap((pack) => [
    `${mark(isWhole(pack))} ${visible(pack.id)} (${counted(pack.holds, 'item')})${isWhole(pack) ? '' : ` ${visible(pack.file)}`}`,
    ...pack.lacks.map(({ id, kind, neededBy }) => `\tlacks ${words(kind)} ${visible(id)}, which ${visible(neededBy)} needs`),
    ...pack.unknown.map((id) => `\tnames ${visible(id)}, which nothing here has`),
    ...pack.twice.map((id) => `\tnote: names ${visible(id)} twice`),
  ])
  const kinds = [...Map.groupBy(unpacked, ({ kind }) => kind)].map(([kind, group]) =>
    counted(
      group.length,
      words(kind),
      words(kind).replace(/(?:y$|$)/u, (end) => (end === 'y' ? 'ies' : 's')),
    ),
  )
  return [
    ...lines,
    ...tellBroken({ broken }),
    ...(unpacked.length === 0 ? [] : [`note: in no pack: ${kinds.join(', ')}; --json names them`]),
    `\n${path}: ${counted(packs.length, 'pack')}, ${packs.length - failed} whole, ${failed} lacking something, ${counted(broken.length, 'invalid item')}`,
  ]
}

function words(kind: string): string {
  return kind === 'datamodel' ? 'data model' : kind.replaceAll('_', ' ')
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
