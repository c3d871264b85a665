import { isObject, type Json } from './json.ts'
import type { ContentKey } from './content-key.ts'

/** Two members of a list before and after a change, by their places. */
export interface Pair {
  readonly before: number
  readonly after: number
  /** Changed inside: what differs is found field by field. Else one took the other's place. */
  readonly inside: boolean
}

/** Fields by which a member of a list is known: its port, its number, its name. */
const naming = /(?:^Sid|Key|CidrIp|CidrIpv6|CidrBlock|Id|ID|Arn|ARN|Name|Number)$/u
/** Together they say which port: a rule of another port is another rule. */
const ports = ['IpProtocol', 'FromPort', 'ToPort'] as const
/** Every member is held against every other. */
const mostComparisons = 20_000

/**
 * Of what went from a list and what came into it, which is the same thing with something changed: members that agree in the fields
 * that name them, or else in more than half of all. Where `replacing`, a lone pair of short values stands for one value that was replaced.
 */
export function sameMembers(gone: readonly Json[], came: readonly Json[], keyOf: ContentKey, replacing: boolean): readonly Pair[] {
  if (gone.length * came.length > mostComparisons) return []
  const [before, after] = [gone.map((each) => fieldsOf(each, keyOf)), came.map((each) => fieldsOf(each, keyOf))]
  const candidates = before.flatMap((a, from) =>
    after.flatMap((b, to) => {
      const likeness = a === null || b === null ? null : likenessOf(a, b)
      return likeness === null ? [] : [{ before: from, after: to, ...likeness }]
    }),
  )
  const pairs: Pair[] = []
  const [takenBefore, takenAfter] = [new Set<number>(), new Set<number>()]
  for (const { before: from, after: to, inside } of candidates.toSorted((a, b) => b.score - a.score)) {
    if (takenBefore.has(from) || takenAfter.has(to)) continue
    takenBefore.add(from)
    takenAfter.add(to)
    pairs.push({ before: from, after: to, inside })
  }
  if (!replacing || gone.length - pairs.length !== 1 || came.length - pairs.length !== 1) return pairs
  const [from, to] = [gone.findIndex((_, index) => !takenBefore.has(index)), came.findIndex((_, index) => !takenAfter.has(index))]
  return isShort(gone[from]) && isShort(came[to]) ? [...pairs, { before: from, after: to, inside: false }] : pairs
}

type Fields = ReadonlyMap<string, string>

/** The fields that are set, by what they hold; null for what is no object. */
function fieldsOf(member: Json, keyOf: ContentKey): Fields | null {
  if (!isObject(member)) return null
  const entries = Object.entries(member).map(([name, value]) => [name, keyOf(value, [])] as const)
  return new Map(entries.filter(([, key]) => key !== 'null'))
}

/** How alike two members are; null when they are two things. */
function likenessOf(a: Fields, b: Fields): { readonly score: number; readonly inside: boolean } | null {
  const all = new Set([...a.keys(), ...b.keys()])
  let equal = 0
  for (const name of all) if (a.get(name) === b.get(name)) equal += 1
  const share = equal / all.size
  if (a.has('IpProtocol') && b.has('IpProtocol')) {
    if (ports.every((name) => a.get(name) === b.get(name))) return { score: 1 + share, inside: true }
    // The peers of a rule that was moved to other ports.
    return [...all].every((name) => ports.includes(name as 'ToPort') || a.get(name) === b.get(name))
      ? { score: share, inside: false }
      : null
  }
  const names = [...all].filter((name) => naming.test(name) && a.has(name) && b.has(name))
  const same = names.filter((name) => a.get(name) === b.get(name))
  if (names.length > 0 && same.length === names.length) return { score: 1 + share, inside: true }
  if (names.length > 0 && same.length === 0) return null
  return share > 0.5 ? { score: share, inside: true } : null
}

/** A value, or an object of a few: an address with its description. */
function isShort(value: Json | undefined): boolean {
  if (value === undefined || value === null || Array.isArray(value)) return false
  if (!isObject(value)) return true
  const set = Object.values(value).filter((each) => each !== null)
  return set.length <= 2 && set.every((each) => typeof each !== 'object')
}
