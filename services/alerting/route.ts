import type { AlertContent, Place, RoutedTo, Severity } from '#model'

export interface Team {
  readonly id: string
  readonly channel: string
  readonly owns: {
    readonly accounts: readonly string[]
    readonly tags: readonly { readonly key: string; readonly value: string }[]
  }
}
/** One line of the ordered route table: every given condition must hold; the first line that matches wins. */
export interface Route {
  readonly when: {
    readonly severity?: readonly Severity[]
    /** Patterns with `*`. */
    readonly detections?: readonly string[]
    readonly teams?: readonly string[]
    readonly accounts?: readonly string[]
    readonly labels?: readonly string[]
  }
  /** Channels; `team` stands for the owning team's own. */
  readonly to: readonly string[]
}
export interface RouteTable {
  readonly teams: readonly Team[]
  readonly routes: readonly Route[]
  /** Where everything goes that nothing else took, and operator notes. */
  readonly fallback: string
}
/** An account as the configuration names it. */
export interface KnownAccount {
  readonly id: string
  readonly name: string
  readonly label: string | null
}
/** Decides where an alert goes. Never empty: the fallback takes what nothing else took. `tags` are the resource's. */
export type Router = (content: AlertContent, tags: ReadonlyMap<string, string>) => readonly RoutedTo[]

/** A router over one table. The owner is found first, by tags and then by account; routes may ask for it. */
export function createRouter(table: RouteTable, accounts: readonly KnownAccount[]): Router {
  const known = new Map(accounts.map((account) => [account.id, account]))
  const labelOf = (place: Place): string | null => known.get(place.accountId)?.label ?? place.accountLabel

  function ownerOf(place: Place, tags: ReadonlyMap<string, string>): Owner | null {
    for (const team of table.teams) {
      const owned = team.owns.tags.find(({ key, value }) => tags.get(key) === value)
      if (owned !== undefined) return { team, because: `team ${team.id} owns tag ${owned.key}=${owned.value}` }
    }
    const team = table.teams.find(({ owns }) => owns.accounts.includes(place.accountId))
    if (team === undefined) return null
    const name = known.get(place.accountId)?.name ?? place.accountName
    return {
      team,
      because: `team ${team.id} owns account ${name === place.accountId ? name : `${name} (${place.accountId})`}`,
    }
  }

  return function route(content, tags) {
    if (content.kind === 'note') return [toChannel(table.fallback, null, 'operator notes go to the fallback')]
    if (content.kind === 'summary') return [toChannel(table.fallback, null, 'a summary without a team goes to the fallback')]
    const owner = ownerOf(content.place, tags)
    const facts = { content, owner: owner?.team.id ?? null, label: labelOf(content.place) }
    const index = table.routes.findIndex(({ when, to }) => to.length > 0 && holds(when, facts))
    const matched = table.routes[index]
    if (matched !== undefined) return targets(table, matched, owner, `route ${index + 1} (${wordsOf(matched.when)})`)
    if (owner !== null) return [toChannel(owner.team.channel, owner.team.id, owner.because)]
    return [toChannel(table.fallback, null, 'nobody owns it and no route matches')]
  }
}

interface Owner {
  readonly team: Team
  readonly because: string
}

function targets(table: RouteTable, { to }: Route, owner: Owner | null, because: string): readonly RoutedTo[] {
  const found = new Map<string, RoutedTo>()
  for (const word of to) {
    const unowned = word === 'team' && owner === null
    const channel = word === 'team' ? (owner?.team.channel ?? table.fallback) : word
    const reason = unowned ? `${because}, but nobody owns it` : word === 'team' ? `${because}; ${owner?.because}` : because
    if (!found.has(channel)) found.set(channel, toChannel(channel, owner?.team.id ?? null, reason))
  }
  return [...found.values()]
}

function holds(
  when: Route['when'],
  { content, owner, label }: { content: AlertContent & { kind: 'finding' }; owner: string | null; label: string | null },
): boolean {
  if (when.severity && !when.severity.includes(content.severity)) return false
  if (when.detections && !when.detections.some((pattern) => fits(pattern, content.detection.id))) return false
  if (when.teams && (owner === null || !when.teams.includes(owner))) return false
  if (when.accounts && !when.accounts.includes(content.place.accountId)) return false
  return !(when.labels && (label === null || !when.labels.includes(label)))
}

/** True when the text fits a pattern in which `*` stands for anything. One pass, no regular expression. */
function fits(pattern: string, text: string): boolean {
  const [head = '', ...rest] = pattern.split('*')
  if (rest.length === 0) return pattern === text
  if (!text.startsWith(head)) return false
  const tail = rest.pop() ?? ''
  let from = head.length
  for (const part of rest) {
    const found = text.indexOf(part, from)
    if (found === -1) return false
    from = found + part.length
  }
  return text.length - tail.length >= from && text.endsWith(tail)
}

function wordsOf(when: Route['when']): string {
  const words = Object.entries(when).map(([key, values]) => `${key} ${values.join(' or ')}`)
  return words.length === 0 ? 'everything' : words.join(', ')
}

function toChannel(channel: string, team: string | null, because: string): RoutedTo {
  return { destination: 'slack', channel, team, because }
}
