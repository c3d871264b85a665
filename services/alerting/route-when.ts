import { tagsOf, type FindingAlert, type JsonObject, type Severity } from '#model'
import { fits } from '#runtime'
import { hoursInWords, isWithin, type Hours } from './hours.ts'

/** The conditions of a route; every one that is given must hold. Of a list, one must; `*` in patterns is anything. */
export interface When {
  readonly severity?: readonly Severity[]
  /** Patterns of detection ids. */
  readonly detections?: readonly string[]
  readonly teams?: readonly string[]
  readonly accounts?: readonly string[]
  readonly labels?: readonly string[]
  /** A team of `Root/Prod` also takes what stands below. */
  readonly ous?: readonly string[]
  readonly groups?: readonly string[]
  /** Patterns. */
  readonly types?: readonly string[]
  /** Patterns. */
  readonly regions?: readonly string[]
  /** The resource's tags, every one of them; values are patterns. */
  readonly tags?: Readonly<Record<string, string>>
  readonly hours?: Hours
}
/** What a route is held against. */
export interface Facts {
  readonly content: FindingAlert
  readonly attributes: JsonObject
  readonly owner: string | null
  readonly label: string | null
  readonly ou: string | null
  readonly isIn: (group: string) => boolean
  readonly now: Date
}

/** Why a route does not match: the first condition that does not hold, in words. Null: it matches. */
export function missOf(when: When, facts: Facts): string | null {
  const { content, owner, label, ou } = facts
  const { place } = content
  return (
    miss('severity', when.severity, content.severity, same) ??
    miss('detection', when.detections, content.detection.id, fits) ??
    miss('owner', when.teams, owner, same) ??
    miss('account', when.accounts, place.accountId, same) ??
    miss('label', when.labels, label, same) ??
    miss('OU', when.ous, ou, (above, own) => own === above || own.startsWith(`${above}/`)) ??
    miss('type', when.types, place.resourceType, fits) ??
    miss('region', when.regions, place.region, fits) ??
    missingTag(when, facts) ??
    missingGroup(when, facts) ??
    wrongTime(when, facts)
  )
}

type Fits = (wanted: string, own: string) => boolean
const same: Fits = (wanted, own) => wanted === own

function miss(what: string, wanted: readonly string[] | undefined, own: string | null, fit: Fits): string | null {
  if (wanted === undefined || (own !== null && wanted.some((each) => fit(each, own)))) return null
  return `${what} is ${own ?? 'none'}, not ${wanted.join(' or ')}`
}

function missingTag({ tags }: When, { attributes }: Facts): string | null {
  if (tags === undefined) return null
  const own = tagsOf(attributes)
  for (const [key, pattern] of Object.entries(tags)) {
    const value = own.get(key)
    if (value === undefined) return `tag ${key} is none, not ${pattern}`
    if (!fits(pattern, value)) return `tag ${key} is ${value}, not ${pattern}`
  }
  return null
}

function missingGroup({ groups }: When, { isIn }: Facts): string | null {
  return groups === undefined || groups.some(isIn) ? null : `it is not in group ${groups.join(' or ')}`
}

function wrongTime({ hours }: When, { now }: Facts): string | null {
  return hours === undefined || isWithin(hours, now) ? null : `it is not ${hoursInWords(hours)}`
}

/** A route's conditions in words. */
export function whenInWords(when: When): string {
  const words = Object.entries(when).map(([key, wanted]: [string, When[keyof When]]) => {
    if (Array.isArray(wanted)) return `${key} ${wanted.join(' or ')}`
    if (key === 'hours') return hoursInWords(wanted as Hours)
    return `${key} ${Object.entries(wanted ?? {})
      .map(([tag, value]) => `${tag}=${String(value)}`)
      .join(' and ')}`
  })
  return words.length === 0 ? 'everything' : words.join(', ')
}
