import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { importedNames } from './imported-names.ts'
import { areTexts, isFielded } from './read-fields.ts'
import { readItems, type Item, type ReadOptions } from './read-items.ts'
import { helpersOf, type BrokenItem } from './repository.ts'

/** What a repository's packs hold and lack. */
export interface PackReport {
  readonly packs: readonly Pack[]
  /** Items that stand in no pack. */
  readonly unpacked: readonly Named[]
  readonly broken: readonly BrokenItem[]
}
export interface Pack {
  readonly id: string
  /** With `:line:column` of its list. */
  readonly file: string
  readonly holds: number
  /** What its items need and it does not hold, each with who needs it. */
  readonly lacks: readonly (Named & { readonly neededBy: string })[]
  /** Ids of it that nothing has. */
  readonly unknown: readonly string[]
  readonly twice: readonly string[]
}
interface Named {
  readonly id: string
  /** Panther's `AnalysisType`. */
  readonly kind: string
}

/** Reads all packs below a folder and what their items need: modules, data models, base rules, queries, rules of a sequence. */
export function checkPacks(path: string, options: ReadOptions): PackReport {
  const root = resolve(path)
  const { items, broken } = readItems([root, ...helpersOf(root, options.startedIn)], options)
  const byId = new Map(items.map((item) => [item.id, item]))
  const needs = needsOf(byId)
  const packed = new Set<string>()
  const packs: Pack[] = []
  for (const item of items.filter(({ kind }) => kind === 'pack')) {
    const ids = isFielded(item.given['PackDefinition']) ? item.given['PackDefinition']['IDs'] : undefined
    if (!areTexts(ids)) {
      broken.push({ file: item.at(['PackDefinition']), message: 'PackDefinition: allowed: IDs, a list of the ids of items' })
      continue
    }
    const held = new Set(ids)
    const lacks = new Map<string, Pack['lacks'][number]>()
    for (const id of held) {
      packed.add(id)
      for (const need of needs(id)) {
        const { kind } = byId.get(need) as Item
        if (!held.has(need) && !lacks.has(need)) lacks.set(need, { id: need, kind, neededBy: id })
      }
    }
    packs.push({
      id: item.id,
      file: item.at(['PackDefinition']),
      holds: held.size,
      lacks: [...lacks.values()],
      unknown: [...held].filter((id) => !byId.has(id)),
      twice: [...held].filter((id) => ids.filter((each) => each === id).length > 1),
    })
  }
  const unpacked = items.filter(({ id, kind }) => kind !== 'pack' && !packed.has(id)).map(({ id, kind }) => ({ id, kind }))
  return { packs, unpacked, broken }
}

/** Of an id, all ids that it needs, and what these need. */
function needsOf(items: ReadonlyMap<string, Item>): (id: string) => ReadonlySet<string> {
  const globals = new Set([...items.values()].filter(({ kind }) => kind === 'global').map(({ id }) => id))
  const models = [...items.values()].filter(({ kind, given }) => kind === 'datamodel' && given['Enabled'] === true)
  const codes = new Map([...items].map(([id, item]) => [id, codeOf(item)]))
  const known = new Map<string, readonly string[]>()
  const direct = (id: string): readonly string[] => {
    const before = known.get(id)
    const item = items.get(id)
    if (before !== undefined || item === undefined) return before ?? []
    const { given } = item
    const modules = importedNames(codes.get(id) ?? '').filter((name) => globals.has(name))
    const named = [given['BaseDetection'], ...textsOf(given['ScheduledQueries']), ...rulesIn(given['Detection'])]
    const needed = [...modules, ...named.filter((each) => typeof each === 'string')].filter(
      (each) => each !== id && items.has(each),
    )
    known.set(id, needed)
    return needed
  }
  return (id) => {
    const reached = new Set<string>()
    const waiting = [id]
    for (const each of waiting)
      for (const next of direct(each))
        if (!reached.has(next) && next !== id) {
          reached.add(next)
          waiting.push(next)
        }
    const item = items.get(id)
    const asksModel = [id, ...reached].some((each) => /\budm(?:_path)?\s*\(/u.test(codes.get(each) ?? ''))
    const types = new Set(textsOf(item?.given['LogTypes'] ?? items.get(String(item?.given['BaseDetection']))?.given['LogTypes']))
    if (asksModel && item?.kind === 'rule')
      for (const model of models) {
        if (!textsOf(model.given['LogTypes']).some((type) => types.has(type))) continue
        for (const each of [model.id, ...direct(model.id)]) reached.add(each)
      }
    return reached
  }
}

function codeOf({ file, given }: Item): string {
  const name = given['Filename']
  if (typeof name !== 'string') return ''
  const path = join(dirname(file), name)
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

/** The rules that a correlation rule puts in a sequence or a group. */
function rulesIn(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap(rulesIn)
  if (!isFielded(value)) return []
  return Object.entries(value).flatMap(([key, own]) => (key === 'RuleID' ? [own] : rulesIn(own)))
}

function textsOf(value: unknown): readonly string[] {
  return areTexts(value) ? value : []
}
