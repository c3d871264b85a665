import { canonical, isObject, type Difference, type Json, type JsonObject } from '#model'
import { insideStatement, statementWords } from './document-words.ts'
import { isPeerList, memberWords } from './rule-words.ts'
import { line } from './text.ts'
import { absence, joined, nameWords, valueWords } from './value-words.ts'

/** One change as people say it: what, and its two sides. */
export interface Words {
  readonly what: string
  readonly before: string
  readonly after: string
}

/** The differences in words: list members that came and went stand together, rules, grants and statements are said as such. */
export function differencesInWords(differences: readonly Difference[]): readonly Words[] {
  const groups = Map.groupBy(differences.map(placeOf), ({ key }) => key)
  return [...groups.values()].flatMap((places) => {
    const [first] = places
    if (first === undefined) return []
    const { what, nothing } = first
    const before = places.flatMap(({ say, difference }) => (difference.before === null ? [] : say(difference.before)))
    const after = places.flatMap(({ say, difference }) => (difference.after === null ? [] : say(difference.after)))
    // A group of rules or a document is told anew for one new member: only what differs is said.
    const [gone, came] = [without(before, after), without(after, before)]
    if (gone.length + came.length === 0) return [{ what, before: 'as before', after: 'rewritten' }]
    return [{ what, before: gone.length === 0 ? nothing : joined(gone), after: came.length === 0 ? nothing : joined(came) }]
  })
}

/** A difference, with how to speak of what stands in its place. */
interface Place {
  readonly difference: Difference
  readonly what: string
  readonly nothing: string
  /** What is told together. */
  readonly key: string
  readonly say: (value: Json) => readonly string[]
}

function placeOf(difference: Difference): Place {
  const [resource, path] = split(difference.path)
  const steps = path.split('.')
  const inside = difference.inside ?? {}
  const told = special(steps, inside) ?? ordinary(steps, inside)
  return {
    difference,
    what: line(`${resource === null ? '' : `${resource}: `}${told.what}`, 200),
    nothing: told.nothing,
    key: `${told.key ?? difference.path} ${canonical(inside)}`,
    say: (value) => {
      const said = told.say(value)
      return said.length > 0 ? said : [valueWords('', value)]
    },
  }
}

type Told = Omit<Place, 'difference' | 'key'> & { readonly key?: string }

/** A difference of another resource, which was looked up, has its id before its path. */
function split(path: string): readonly [resource: string | null, path: string] {
  const found = /^([^\s.[]*[:/-]\S*) (.+)$/su.exec(path.slice(0, 4_000))
  return found === null ? [null, path] : [found[1] ?? null, found[2] ?? '']
}

/** Rules, grants and policy documents. */
function special(steps: readonly string[], inside: JsonObject): Told | null {
  const [head = '', ...rest] = steps
  const name = bare(head)
  const list = steps.findLast((step) => memberWords.has(bare(step)))
  const at = list === undefined ? -1 : steps.lastIndexOf(list)
  const say = list === undefined ? undefined : memberWords.get(bare(list))
  if (say !== undefined && list !== undefined) {
    const what = steps
      .slice(0, at + 1)
      .map(attributeWords)
      .join(', ')
    const [field, ...deeper] = steps.slice(at + 1)
    if (field === undefined) return { what, nothing: 'nothing', say }
    // One address of a rule stands for the rule with that address alone.
    if (isPeerList(field)) {
      return { what, nothing: 'nothing', key: `${head}[]`, say: (value) => say({ ...inside, [field]: [value] }) }
    }
    const member = line(say(ruleOf(field, inside)).join(', '), 100)
    const last = bare([field, ...deeper].at(-1) ?? field)
    return {
      what: `${what}${member === '' ? '' : `, ${member}`}, ${nameWords(last)}`,
      nothing: absence(last),
      say: (value) => [valueWords(last, value)],
    }
  }
  const statement = steps.indexOf('Statement[]')
  if (statement >= 0) {
    const { what, nothing, say: words } = insideStatement(steps.slice(statement + 1).map(bare), inside)
    return { what: `${documentWords(steps.slice(0, statement))}: ${what}`, nothing, say: words }
  }
  const isDocument = documents.has(name) || rest.at(-1) === 'Statement'
  if (!isDocument) return null
  const whole = steps.at(-1) === 'Statement' ? steps.slice(0, -1) : steps
  // Its version, its id.
  if (name === 'InlinePolicies' ? /^(?:Version|Id)$/u.test(whole.at(-1) ?? '') : whole.some((step) => !documents.has(step)))
    return null
  return { what: documentWords(whole), nothing: 'nothing', say: statementWords }
}

/** The rule that a peer's own field belongs to. */
function ruleOf(step: string, inside: JsonObject): Json {
  const name = bare(step)
  return isPeerList(name) ? { ...inside, [name]: [inside] } : inside
}

const documents = new Set([
  'Policy',
  'PolicyDocument',
  'PolicyText',
  'ResourcePolicy',
  'AssumeRolePolicyDocument',
  'InlinePolicies',
])

function documentWords([head = '', ...rest]: readonly string[]): string {
  // Lambda keeps the document beside its revision.
  const named = rest.every((step) => step === head) ? '' : ` ${rest.join('.')}`
  return `${head === 'InlinePolicies' ? 'Inline policy' : attributeWords(head)}${named}`
}

/** An attribute: its name, the member of a list that it is inside of, the field. */
function ordinary(steps: readonly string[], inside: JsonObject): Told {
  const [head = '', ...rest] = steps
  const last = bare(steps.at(-1) ?? head)
  const say = (value: Json): readonly string[] => saidOf(last, value)
  if (head === 'Tags') return { what: rest.length === 0 ? 'Tags' : `Tag ${rest.join('.')}`, nothing: 'not set', say }
  const named = Object.keys(inside).length === 0 ? '' : ` ${memberName(inside)}`
  const fields = rest.map((step) => nameWords(bare(step))).join(', ')
  const nothing = rest.length > 0 && Object.keys(inside).length === 0 && isFlagged(last) ? 'off' : absence(last)
  return { what: `${attributeWords(head)}${named}${fields === '' ? '' : `, ${fields}`}`, nothing, say }
}

/** The public access block: none of its flags is on where there is none. */
function isFlagged(name: string): boolean {
  return /^(?:Block|Ignore|Restrict)/u.test(name)
}

/** A set of flags is said as those that are on. */
function saidOf(name: string, value: Json): readonly string[] {
  if (!isObject(value)) return [valueWords(name, value)]
  const flags = Object.entries(value)
  if (flags.length < 2 || !flags.every(([, each]) => typeof each === 'boolean')) return [valueWords(name, value)]
  const on = flags.filter(([, each]) => each === true).map(([flag]) => nameWords(flag))
  return [on.length === flags.length ? 'all on' : on.length === 0 ? 'all off' : `${joined(on)} on`]
}

/** What a member of a list is known by. */
function memberName(inside: JsonObject): string {
  const texts = Object.entries(inside).flatMap(([name, value]) =>
    typeof value === 'string' || typeof value === 'number' ? [[name, String(value)] as const] : [],
  )
  const naming = texts.find(([name]) => /(?:Name|Key|Id|ID|Sid|Arn|ARN|Number)$/u.test(name))
  const shown = naming === undefined ? texts.slice(0, 2) : [naming]
  return line(shown.map(([, value]) => value).join(' '), 80)
}

const names: ReadonlyMap<string, string> = new Map([
  ['IpPermissions', 'Inbound rules'],
  ['IpPermissionsEgress', 'Outbound rules'],
  ['ManagedPolicyNames', 'Managed policies'],
  ['AssumeRolePolicyDocument', 'Who may assume it'],
  ['PolicyDocument', 'Policy'],
  ['PolicyText', 'Policy'],
  ['ResourcePolicy', 'Policy'],
  ['PublicAccessBlockConfiguration', 'Public access block'],
])

function attributeWords(step: string): string {
  const name = bare(step)
  return names.get(name) ?? nameWords(name)
}

function bare(step: string): string {
  return step.replace(/\[\]$/u, '')
}

/** Members of `list` that `other` does not hold. */
function without(list: readonly string[], other: readonly string[]): readonly string[] {
  const there = new Set(other)
  return [...new Set(list)].filter((each) => !there.has(each))
}
