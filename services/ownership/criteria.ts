import { at, tagsOf, type Json, type JsonObject } from '#model'
import { fits } from '#runtime'

/** What is asked about: a place, and the resource there. An event without a resource has nulls and no attributes. */
export interface Subject {
  readonly accountId: string
  readonly region: string
  readonly type: string | null
  readonly id: string | null
  readonly name: string | null
  readonly attributes: JsonObject
}
/** A subject with what the configuration knows of its account. */
export interface Placed extends Subject {
  readonly label: string | null
  readonly ou: string | null
}

/** What the members of a group have in common. Every key that is given must hold; of a list, one. Patterns have `*` for anything. */
export interface Criteria {
  readonly all?: readonly Criteria[]
  readonly any?: readonly Criteria[]
  readonly not?: Criteria
  readonly accounts?: readonly string[]
  readonly labels?: readonly string[]
  /** Paths as `Root/Prod`: everything below counts. */
  readonly ous?: readonly string[]
  readonly regions?: readonly string[]
  readonly types?: readonly string[]
  readonly ids?: readonly string[]
  readonly names?: readonly string[]
  /** Every tag must be there; its value fits the pattern. */
  readonly tags?: Readonly<Record<string, string>>
  readonly attributes?: readonly AttributeTest[]
}
/** Looks at one attribute by its path. A list on the way, or at the end, holds when one of its members does. */
export interface AttributeTest {
  /** Keys with dots between: `PublicAccessBlockConfiguration.BlockPublicAcls`. */
  readonly path: string
  readonly exists?: boolean
  readonly equals?: string | number | boolean | null
  readonly in?: readonly (string | number | boolean)[]
  readonly matches?: string
  readonly above?: number
  readonly below?: number
}

/** True when the subject is what the criteria say. */
export function meets(criteria: Criteria, subject: Placed): boolean {
  const { all, any, not, tags, attributes } = criteria
  if (all !== undefined && !all.every((each) => meets(each, subject))) return false
  if (any !== undefined && !any.some((each) => meets(each, subject))) return false
  if (not !== undefined && meets(not, subject)) return false
  if (criteria.accounts !== undefined && !criteria.accounts.includes(subject.accountId)) return false
  if (criteria.labels !== undefined && !(subject.label !== null && criteria.labels.includes(subject.label))) return false
  if (criteria.ous !== undefined && !criteria.ous.some((ou) => isUnder(subject.ou, ou))) return false
  if (criteria.regions !== undefined && !fitsOne(criteria.regions, subject.region)) return false
  if (criteria.types !== undefined && !fitsOne(criteria.types, subject.type)) return false
  if (criteria.ids !== undefined && !fitsOne(criteria.ids, subject.id)) return false
  if (criteria.names !== undefined && !fitsOne(criteria.names, subject.name)) return false
  if (tags !== undefined && !hasTags(tags, subject.attributes)) return false
  return attributes === undefined || attributes.every((test) => passes(test, subject.attributes))
}

/** True when every wanted tag is there with a fitting value. */
function hasTags(wanted: Readonly<Record<string, string>>, attributes: JsonObject): boolean {
  const tags = tagsOf(attributes)
  return Object.entries(wanted).every(([key, pattern]) => {
    const value = tags.get(key)
    return value !== undefined && fits(pattern, value)
  })
}

/** True when an OU is another one or stands below it. */
export function isUnder(ou: string | null, above: string): boolean {
  return ou !== null && (ou === above || ou.startsWith(`${above}/`))
}

function fitsOne(patterns: readonly string[], text: string | null): boolean {
  return text !== null && patterns.some((pattern) => fits(pattern, text))
}

function passes(test: AttributeTest, attributes: JsonObject): boolean {
  const found = valuesAt(attributes, test.path.split('.'))
  if (test.exists !== undefined && found.some((value) => value !== null) !== test.exists) return false
  if (test.equals !== undefined && !holdsFor(found, (value) => value === test.equals)) return false
  if (test.in !== undefined && !found.some((value) => test.in?.some((each) => each === value))) return false
  if (test.matches !== undefined && !found.some((value) => typeof value === 'string' && fits(test.matches ?? '', value)))
    return false
  if (test.above !== undefined && !found.some((value) => typeof value === 'number' && value > (test.above ?? 0))) return false
  return test.below === undefined || found.some((value) => typeof value === 'number' && value < (test.below ?? 0))
}

/** What is not there equals null, as fetched attributes say it. */
function holdsFor(found: readonly Json[], test: (value: Json) => boolean): boolean {
  return found.length === 0 ? test(null) : found.some(test)
}

const mostValues = 1_000

/** The values at a path; lists are entered. */
function valuesAt(attributes: JsonObject, path: readonly string[]): readonly Json[] {
  let here: readonly Json[] = [attributes]
  for (const key of path) {
    here = here
      .flatMap(members)
      .map((each) => at(each, key))
      .filter((each) => each !== undefined)
      .slice(0, mostValues)
  }
  return here.flatMap(members)
}

function members(value: Json): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [value]
}
