import type { Difference } from './diff.ts'
import { below, createContentKey, ignoringOf, normal, type ContentKey, type Ignoring } from './content-key.ts'
import { isObject, type Json, type JsonObject } from './json.ts'
import { sameMembers } from './same-member.ts'

/** Two states side by side. */
export interface Comparison {
  readonly differences: readonly Difference[]
  /**
   * The state after, with these of its differences (the very objects) put back as they were. All of them give the state before, none the
   * state after; the order of lists may differ. What is ignored stays as it is after.
   */
  readonly revert: (differences: ReadonlySet<Difference>) => JsonObject
}

/** A value on both sides, taken apart as far as it differs. `undefined`: the field is not there at all. */
type Node =
  | { readonly kind: 'same'; readonly after: Json | undefined }
  | { readonly kind: 'leaf'; readonly before: Json | undefined; readonly after: Json | undefined; readonly difference: Difference }
  | (Sides & {
      readonly kind: 'fields'
      readonly fields: readonly (readonly [name: string, node: Node])[]
      readonly isText: boolean
    })
  | (Sides & { readonly kind: 'list'; readonly members: readonly Node[] })

interface Sides {
  readonly before: Json | undefined
  readonly after: Json | undefined
  /** Parts of it do not count: it is never put back as a whole. */
  readonly isPartial: boolean
  readonly leaves: readonly Difference[]
}

/** Where a value stands. */
interface Here {
  readonly path: string
  readonly inside: JsonObject | null
  readonly ignoring: Ignoring
  /** Within a document or a member of a list, which somebody wrote as a whole: a value in another's place has replaced it. */
  readonly isWritten: boolean
}

/** Compares two attribute sets as `diff` says. */
export function compareStates(before: JsonObject, after: JsonObject, ignoring: readonly string[] = []): Comparison {
  const keyOf = createContentKey()
  const here: Here = { path: '', inside: null, ignoring: ignoringOf(ignoring), isWritten: false }
  const root = compareFields(here, { before, after }, before, after, keyOf)
  return {
    differences: leavesOf(root),
    revert(differences) {
      const built = build(root, differences)
      return isObject(built) ? built : {}
    },
  }
}

function compare(here: Here, raw: Pick<Sides, 'before' | 'after'>, keyOf: ContentKey): Node {
  const [before, after] = [normal(raw.before ?? null), normal(raw.after ?? null)]
  if (keyOf(before, here.ignoring) === keyOf(after, here.ignoring)) return { kind: 'same', after: raw.after }
  const [a, b] = sidesToCompare(here, before, after)
  const isText = typeof raw.before === 'string' || typeof raw.after === 'string'
  if (isObject(a) && isObject(b)) return compareFields(here, raw, a, b, keyOf, isText)
  if (Array.isArray(a) && Array.isArray(b)) {
    const list = compareLists(here, raw, a as readonly Json[], b as readonly Json[], keyOf)
    if (list.leaves.length > 0) return list
  }
  const { path, inside } = here
  const difference = inside === null ? { path, before, after } : { path, before, after, inside }
  return { kind: 'leaf', before: raw.before, after: raw.after, difference }
}

/** Where a list, tags or a document of several statements came or went, so did each of its members. A lone value in a document is a list of one. */
function sidesToCompare({ path, isWritten }: Here, before: Json, after: Json): readonly [Json, Json] {
  const one = (value: Json, other: Json): Json => {
    if (value === null) {
      if (Array.isArray(other)) return []
      if (path === 'Tags' && isObject(other)) return {}
      return isObject(other) && hasStatements(other) ? { ...other, Statement: [] } : null
    }
    return isWritten && Array.isArray(other) && typeof value !== 'object' ? [value] : value
  }
  return [one(before, after), one(after, before)]
}

function hasStatements({ Statement: statements }: JsonObject): boolean {
  return Array.isArray(statements) && statements.length > 1
}

function compareFields(
  here: Here,
  raw: Pick<Sides, 'before' | 'after'>,
  a: JsonObject,
  b: JsonObject,
  keyOf: ContentKey,
  isText = false,
): Extract<Node, { kind: 'fields' }> {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].toSorted()
  const fields = names.map((name): readonly [string, Node] => {
    const sides = { before: own(a, name), after: own(b, name) }
    const ignoring = below(here.ignoring, name)
    if (ignoring === null) return [name, { kind: 'same', after: sides.after }]
    const path = here.path === '' ? name : `${here.path}.${name}`
    return [name, compare({ ...here, path, ignoring, isWritten: here.isWritten || isText }, sides, keyOf)]
  })
  const leaves = fields.flatMap(([, node]) => leavesOf(node))
  return { kind: 'fields', fields, isText, leaves, isPartial: here.ignoring.length > 0, ...raw }
}

function own(value: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined
}

function compareLists(
  here: Here,
  raw: Pick<Sides, 'before' | 'after'>,
  a: readonly Json[],
  b: readonly Json[],
  keyOf: ContentKey,
): Extract<Node, { kind: 'list' }> {
  const ignoring = below(here.ignoring, '[]') ?? []
  const content = (value: Json): string => keyOf(value, ignoring)
  const [gone, came] = [without(a, b, content), without(b, a, content)]
  const pairs = sameMembers(gone, came, keyOf, here.isWritten)
  const staying = without(b, came, content).map((after): Node => ({ kind: 'same', after }))
  const changed = pairs.map(({ before: from, after: to, inside }): Node => {
    const [before, after] = [gone[from] ?? null, came[to] ?? null]
    if (!inside) return leaf(here, before, after)
    const names = isObject(before) && isObject(after) ? { ...here.inside, ...sharedBy(before, after, keyOf) } : here.inside
    return compare({ path: `${here.path}[]`, inside: names, ignoring, isWritten: true }, { before, after }, keyOf)
  })
  const left = gone.filter((_, index) => !pairs.some(({ before }) => before === index)).map((each) => leaf(here, each, undefined))
  const new_ = came.filter((_, index) => !pairs.some(({ after }) => after === index)).map((each) => leaf(here, undefined, each))
  const members = [...staying, ...changed, ...left, ...new_]
  return { kind: 'list', members, leaves: members.flatMap(leavesOf), isPartial: ignoring.length > 0, ...raw }
}

function leaf({ path, inside }: Here, before: Json | undefined, after: Json | undefined): Node {
  const sides = { path, before: normal(before ?? null), after: normal(after ?? null) }
  return { kind: 'leaf', before, after, difference: inside === null ? sides : { ...sides, inside } }
}

/** Members of `list` that `other` does not hold, counting repeats. */
function without(list: readonly Json[], other: readonly Json[], content: (value: Json) => string): readonly Json[] {
  const left = new Map<string, number>()
  for (const each of other) {
    const key = content(each)
    left.set(key, (left.get(key) ?? 0) + 1)
  }
  return list.filter((each) => {
    const key = content(each)
    const count = left.get(key) ?? 0
    if (count > 0) left.set(key, count - 1)
    return count === 0
  })
}

const longestField = 200
const mostFields = 8

/** The short fields that two sides of one thing share. */
function sharedBy(a: JsonObject, b: JsonObject, keyOf: ContentKey): JsonObject {
  const shared = Object.entries(b).filter(([name, value]) => {
    const key = keyOf(value, [])
    return key !== 'null' && key.length <= longestField && key === keyOf(own(a, name) ?? null, [])
  })
  return Object.fromEntries(shared.slice(0, mostFields))
}

function leavesOf(node: Node): readonly Difference[] {
  return node.kind === 'same' ? [] : node.kind === 'leaf' ? [node.difference] : node.leaves
}

/** A node's value with the chosen differences put back. */
function build(node: Node, chosen: ReadonlySet<Difference>): Json | undefined {
  if (node.kind === 'same') return node.after
  if (node.kind === 'leaf') return chosen.has(node.difference) ? node.before : node.after
  const count = node.leaves.filter((each) => chosen.has(each)).length
  if (count === 0) return node.after
  if (count === node.leaves.length && !node.isPartial) return node.before
  if (node.kind === 'list') return node.members.flatMap((member) => whole(build(member, chosen)))
  const entries = node.fields.flatMap(([name, each]) => whole(build(each, chosen)).map((value) => [name, value] as const))
  // Made of own properties only: a field may be called `__proto__`.
  const built = Object.fromEntries(entries)
  return node.isText ? JSON.stringify(built) : built
}

function whole(value: Json | undefined): readonly Json[] {
  return value === undefined ? [] : [value]
}
