/** Where a copy of an alert goes: a destination and, where it has several, the channel in it; else the destination's own name. */
export interface Target {
  readonly destination: string
  readonly channel: string
}
/** A destination as routes may name it. */
export interface NamedDestination {
  readonly name: string
  /** Null: takes only messages to a channel of its own, named as `name:#channel`. */
  readonly channel: string | null
}

/** The destination that a bare channel name belongs to. */
export const defaultSlack = 'slack'

/** What a word of a route's `to` means: a destination, a channel of one (`slack-emea:#payments`), or a Slack channel. Null: nothing. */
export function readTarget(word: string, destinations: readonly NamedDestination[]): Target | null {
  const all = [{ name: defaultSlack, channel: null }, ...destinations]
  const named = all.find(({ name }) => name === word)
  if (named !== undefined) return named.channel === null ? null : { destination: named.name, channel: named.channel }
  const colon = word.indexOf(':')
  if (colon === -1) return word === '' ? null : { destination: defaultSlack, channel: word }
  const owner = all.find(({ name }) => name === word.slice(0, colon))
  const channel = word.slice(colon + 1)
  return owner === undefined || channel === '' || owner.channel === owner.name ? null : { destination: owner.name, channel }
}

/** True when two words lead to one place; Slack takes channel names with and without `#`. */
export function isSame(one: Target, other: Target): boolean {
  return one.destination === other.destination && one.channel.replace(/^#/u, '') === other.channel.replace(/^#/u, '')
}
