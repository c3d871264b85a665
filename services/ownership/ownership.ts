import { tagsOf } from '#model'
import { isUnder, type Subject } from './criteria.ts'
import type { Groups } from './groups.ts'

/** What a team can own something by, in the order in which it is asked by default. */
export const ownershipKinds = ['tags', 'groups', 'accounts', 'ous'] as const
export type OwnershipKind = (typeof ownershipKinds)[number]

export interface Team {
  readonly id: string
  /** Where it is told: what stands in a route's `to`. */
  readonly channel: string
  readonly owns: {
    readonly tags: readonly { readonly key: string; readonly value: string }[]
    readonly groups: readonly string[]
    readonly accounts: readonly string[]
    /** A team owns what stands below, too. */
    readonly ous: readonly string[]
  }
}
export interface OwnershipTable {
  readonly teams: readonly Team[]
  readonly order: readonly OwnershipKind[]
}
export interface Owner {
  readonly team: Team
  /** `team payments owns tag team=payments`, with the teams that own it by something of the same kind and come later in the configuration. */
  readonly because: string
}
/** Two teams own the same thing in the same way; what each of them says, by its place in the configuration. */
export interface Overlap {
  readonly first: { readonly team: string; readonly place: string }
  readonly second: { readonly team: string; readonly place: string }
  readonly what: string
}
export interface Ownership {
  readonly teams: readonly Team[]
  readonly groups: Groups
  /** The first owner, by the order of kinds and then of teams; of OUs the closest. Null: nobody. */
  ownerOf(subject: Subject): Owner | null
  /** What each kind came to, in order; for people who ask why. */
  asked(subject: Subject): readonly { readonly kind: OwnershipKind; readonly owner: Owner | null }[]
  /** What two teams claim with the same words. */
  overlaps(): readonly Overlap[]
}

/** Says whose a resource is. Pure: asked about the state at hand, keeps nothing. */
export function createOwnership({ teams, order }: OwnershipTable, groups: Groups): Ownership {
  const ask = (kind: OwnershipKind, subject: Subject): Owner | null => {
    const claims = teams.flatMap((team) => {
      const claim = claimOf[kind](team, subject, groups)
      return claim === null ? [] : [{ team, ...claim }]
    })
    const best = claims.reduce((highest, { weight }) => Math.max(highest, weight), 0)
    const [first, ...also] = claims.filter(({ weight }) => weight === best)
    if (first === undefined) return null
    const others =
      also.length === 0 ? '' : `, before ${also.map(({ team }) => team.id).join(', ')} who own${also.length > 1 ? '' : 's'} it too`
    return { team: first.team, because: `team ${first.team.id} owns ${first.what}${others}` }
  }
  return {
    teams,
    groups,
    ownerOf(subject) {
      for (const kind of order) {
        const owner = ask(kind, subject)
        if (owner !== null) return owner
      }
      return null
    },
    asked: (subject) => order.map((kind) => ({ kind, owner: ask(kind, subject) })),
    overlaps: () => overlapsOf(teams),
  }
}

/** What a team owns of a subject, in words; the heavier claim goes first. */
interface Claim {
  readonly what: string
  readonly weight: number
}

const claimOf: Readonly<Record<OwnershipKind, (team: Team, subject: Subject, groups: Groups) => Claim | null>> = {
  tags({ owns }, { attributes }) {
    if (owns.tags.length === 0) return null
    const tags = tagsOf(attributes)
    const owned = owns.tags.find(({ key, value }) => tags.get(key) === value)
    return owned === undefined ? null : { what: `tag ${owned.key}=${owned.value}`, weight: 1 }
  },
  groups({ owns }, subject, groups) {
    const owned = owns.groups.find((name) => groups.isIn(name, subject))
    return owned === undefined ? null : { what: `group ${owned}`, weight: 1 }
  },
  accounts({ owns }, { accountId }, { accounts }) {
    if (!owns.accounts.includes(accountId)) return null
    const name = accounts.get(accountId)?.name ?? accountId
    return { what: `account ${name === accountId ? name : `${name} (${accountId})`}`, weight: 1 }
  },
  ous({ owns }, { accountId }, { accounts }) {
    const ou = accounts.get(accountId)?.ou ?? null
    const owned = owns.ous.filter((each) => isUnder(ou, each)).toSorted((a, b) => b.length - a.length)[0]
    return owned === undefined ? null : { what: `OU ${owned}`, weight: owned.split('/').length }
  },
}

function overlapsOf(teams: readonly Team[]): readonly Overlap[] {
  const claims = teams.flatMap(({ id: team, owns }, index) => {
    const claim = (kind: OwnershipKind, at: string, what: string) => ({ team, place: `teams.${index}.owns.${kind}.${at}`, what })
    return [
      ...owns.tags.map(({ key, value }) => claim('tags', key, `tag ${key}=${value}`)),
      ...owns.groups.map((name, at) => claim('groups', String(at), `group ${name}`)),
      ...owns.accounts.map((account, at) => claim('accounts', String(at), `account ${account}`)),
      ...owns.ous.map((ou, at) => claim('ous', String(at), `OU ${ou}`)),
    ]
  })
  return [...Map.groupBy(claims, ({ what }) => what)].flatMap(([what, [first, ...others]]) =>
    first === undefined ? [] : others.filter(({ team }) => team !== first.team).map((second) => ({ first, second, what })),
  )
}
