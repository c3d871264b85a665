import type { AlertContent, FindingAlert, JsonObject, RoutedTo } from '#model'
import type { Owner, Ownership, Subject } from '#ownership'
import { missOf, whenInWords, type Facts, type When } from './route-when.ts'
import { defaultSlack, isSame, readTarget, type NamedDestination, type Target } from './target.ts'

/** One line of the ordered route table: every given condition must hold; the first line that matches wins. */
export interface Route {
  readonly when: When
  /** Channels and destinations; `team` stands for the owning team's own. */
  readonly to: readonly string[]
}
export interface RouteTable {
  readonly routes: readonly Route[]
  /** Where everything goes that nothing else took. */
  readonly fallback: string
  /** Where notes to the operators go; the fallback when there is none. */
  readonly operators?: readonly string[]
  /** Destinations beside the default Slack workspace. */
  readonly destinations?: readonly NamedDestination[]
}
/** What an alert's content does not say of what it is about. */
export interface About {
  /** The resource's; none for an event. */
  readonly attributes: JsonObject
  /** The detection's own, in the words of a route; null or none given: the routes decide; an empty list: nobody is told. */
  readonly destinations?: readonly string[] | null | undefined
}
/**
 * Decides where an alert goes. What nothing else took goes to the fallback; nobody is told only when the detection itself says so.
 */
export interface Router {
  (content: AlertContent, about?: About): readonly RoutedTo[]
  /** True when a detection may name it as its destination. */
  leads(word: string): boolean
  /** The same decision, step by step. */
  explain(content: FindingAlert, about?: About): Explanation
}
export interface Explanation {
  /** What each kind of ownership came to, in order; the first that found an owner counts. */
  readonly ownership: readonly { readonly kind: string; readonly owner: string | null; readonly because: string }[]
  /** What the detection's own destinations came to; null when it has none. */
  readonly destinations: string | null
  /** `because`: the first condition that does not hold; null: it matches. Only the first that matches counts. */
  readonly routes: readonly { readonly number: number; readonly when: string; readonly because: string | null }[]
  readonly to: readonly RoutedTo[]
}

/** A router over one table. The owner is found first; the detection's own destinations go before the routes, and these before the owner's channel. */
export function createRouter(table: RouteTable, ownership: Ownership, now: () => Date = () => new Date()): Router {
  const destinations = table.destinations ?? []
  const target = (word: string): Target => readTarget(word, destinations) ?? { destination: defaultSlack, channel: word }
  const fallback = target(table.fallback)
  const known = new Set([
    table.fallback,
    ...(table.operators ?? []),
    ...ownership.teams.map(({ channel }) => channel),
    ...table.routes.flatMap(({ to }) => to),
  ])
  const routes = table.routes.map((route, index) => ({ ...route, name: `route ${index + 1} (${whenInWords(route.when)})` }))

  function decide(content: FindingAlert, about: About): readonly RoutedTo[] {
    const subject = subjectOf(content, about)
    const owner = ownership.ownerOf(subject)
    if (about.destinations !== null && about.destinations !== undefined) {
      if (about.destinations.length === 0) return []
      const own = about.destinations.filter(isKnown)
      if (own.length > 0) return targets(own, owner, 'the detection names its destinations')
    }
    const facts = factsOf(content, about, subject, owner)
    const matched = routes.find(({ when, to }) => to.length > 0 && missOf(when, facts) === null)
    if (matched !== undefined) return targets(matched.to, owner, matched.name)
    if (owner !== null) return [{ ...target(owner.team.channel), team: owner.team.id, because: owner.because }]
    return [{ ...fallback, team: null, because: 'nobody owns it and no route matches' }]
  }

  function targets(words: readonly string[], owner: Owner | null, because: string): readonly RoutedTo[] {
    const found: RoutedTo[] = []
    for (const word of words) {
      const unowned = word === 'team' && owner === null
      const place = word === 'team' ? (owner === null ? fallback : target(owner.team.channel)) : target(word)
      const reason = unowned ? `${because}, but nobody owns it` : word === 'team' ? `${because}; ${owner?.because}` : because
      if (!found.some((each) => isSame(each, place))) found.push({ ...place, team: owner?.team.id ?? null, because: reason })
    }
    return found
  }

  /** A detection may name what routes name, `#channel` and channel ids; anything else it names is nothing. */
  function isKnown(word: string): boolean {
    if (word === 'team' || known.has(word) || /^(?:#[^\s:]{1,80}|[CDG][A-Z0-9]{7,20})$/u.test(word)) return true
    return (word.includes(':') || destinations.some(({ name }) => name === word)) && readTarget(word, destinations) !== null
  }

  function factsOf(content: FindingAlert, { attributes }: About, subject: Subject, owner: Owner | null): Facts {
    const { label, ou } = ownership.groups.placed(subject)
    const isIn = (group: string): boolean => ownership.groups.isIn(group, subject)
    const own = label ?? content.place.accountLabel
    return { content, attributes, owner: owner?.team.id ?? null, label: own, ou, isIn, now: now() }
  }

  function route(content: AlertContent, about: About = nothing): readonly RoutedTo[] {
    if (content.kind === 'finding') return decide(content, about)
    if (content.kind === 'summary') return [{ ...fallback, team: null, because: 'a summary without a team goes to the fallback' }]
    const operators = table.operators ?? []
    if (operators.length === 0) return [{ ...fallback, team: null, because: 'operator notes go to the fallback' }]
    return operators.map((word) => Object.assign({ team: null, because: 'a note to the operators' }, target(word)))
  }

  return Object.assign(route, {
    leads: isKnown,
    explain(content: FindingAlert, about: About = nothing): Explanation {
      const subject = subjectOf(content, about)
      const facts = factsOf(content, about, subject, ownership.ownerOf(subject))
      return {
        ownership: ownership.asked(subject).map(({ kind, owner }) => {
          return { kind, owner: owner?.team.id ?? null, because: owner?.because ?? `no team owns it by its ${kind}` }
        }),
        destinations: ownInWords(about.destinations ?? null, isKnown),
        routes: routes.map(({ when }, index) => ({ number: index + 1, when: whenInWords(when), because: missOf(when, facts) })),
        to: decide(content, about),
      }
    },
  })
}

const nothing: About = { attributes: {} }

function subjectOf({ place }: FindingAlert, { attributes }: About): Subject {
  const { accountId, region, resourceType: type, resourceId: id, resourceName: name } = place
  return { accountId, region, type, id, name, attributes }
}

function ownInWords(given: readonly string[] | null, isKnown: (word: string) => boolean): string | null {
  if (given === null) return null
  if (given.length === 0) return 'the detection says that nobody is told'
  const unknown = given.filter((word) => !isKnown(word))
  const rest = unknown.length === 0 ? '' : `; nothing is known by ${unknown.join(', ')}`
  return unknown.length === given.length
    ? `the detection names ${given.join(', ')}, of which nothing is known: the routes decide`
    : `the detection names ${given.filter(isKnown).join(', ')}${rest}`
}
