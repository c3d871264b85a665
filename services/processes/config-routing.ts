import * as z from 'zod'
import { readTarget, type NamedDestination } from '#alerting'
import { severities } from '#model'
import { ownershipKinds, type Criteria } from '#ownership'

// The keys of `tripline.yaml` that say whose a resource is and where its alerts go.

export const accountId = z.string().regex(/^\d{12}$/u, 'allowed: 12 digits in quotes')
export const url = z
  .url({ protocol: /^https?$/u, error: 'allowed: an http or https address' })
  .refine(
    (given) => URL.parse(given)?.username === '' && URL.parse(given)?.password === '',
    'allowed: an address without a login in it',
  )
export const name = z.string().min(1).max(200)
export const localTime = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/u, 'allowed: a time from 00:00 to 23:59, in quotes')
  .transform((time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3)))
export const zone = z.string().refine(isZone, 'allowed: a time zone name such as Europe/Berlin')
export const ou = z.string().regex(/^[^/]+(?:\/[^/]+)*$/u, 'allowed: a path such as Root/Prod/Payments')

const names = z.array(name).min(1)
const atLeastOne = (value: object): boolean => Object.keys(value).length > 0

const attributeTest = z
  .strictObject({
    path: name,
    exists: z.boolean().exactOptional(),
    equals: z.union([z.string(), z.number(), z.boolean(), z.null()]).exactOptional(),
    in: z
      .array(z.union([z.string(), z.number(), z.boolean()]))
      .min(1)
      .exactOptional(),
    matches: z.string().exactOptional(),
    above: z.number().exactOptional(),
    below: z.number().exactOptional(),
  })
  .refine((test) => Object.keys(test).length > 1, 'allowed: a path with exists, equals, in, matches, above or below')

const criteria: z.ZodType<Criteria> = z.lazy(() =>
  z
    .strictObject({
      all: z.array(criteria).min(1).exactOptional(),
      any: z.array(criteria).min(1).exactOptional(),
      not: criteria.exactOptional(),
      accounts: z.array(accountId).min(1).exactOptional(),
      labels: names.exactOptional(),
      ous: z.array(ou).min(1).exactOptional(),
      regions: names.exactOptional(),
      types: names.exactOptional(),
      ids: names.exactOptional(),
      names: names.exactOptional(),
      tags: z.record(z.string(), z.string()).refine(atLeastOne, 'allowed: at least one tag').exactOptional(),
      attributes: z.array(attributeTest).min(1).exactOptional(),
    })
    .refine(atLeastOne, 'allowed: at least one condition, as labels: [prod]'),
)

const owns = z.strictObject({
  accounts: z.array(accountId).default([]),
  tags: z.record(z.string(), z.string()).default({}),
  groups: z.array(name).default([]),
  ous: z.array(ou).default([]),
})

const team = z.strictObject({ id: name, channel: name, mention: z.boolean().exactOptional(), owns: owns.prefault({}) })

const weekday = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])
const hours = z
  .strictObject({
    timeZone: zone,
    days: z.array(weekday).min(1).default(['mon', 'tue', 'wed', 'thu', 'fri']),
    from: localTime.prefault('00:00'),
    to: localTime.prefault('00:00'),
  })
  .transform(({ timeZone, days, from, to }) => ({ timeZone, days, fromMinutes: from, toMinutes: to }))

const route = z.strictObject({
  when: z
    .strictObject({
      severity: z.array(z.enum(severities)).exactOptional(),
      detections: z.array(name).exactOptional(),
      teams: z.array(name).exactOptional(),
      accounts: z.array(accountId).exactOptional(),
      labels: z.array(name).exactOptional(),
      ous: z.array(ou).exactOptional(),
      groups: z.array(name).exactOptional(),
      types: z.array(name).exactOptional(),
      regions: z.array(name).exactOptional(),
      tags: z.record(z.string(), z.string()).exactOptional(),
      hours: hours.exactOptional(),
    })
    .default({}),
  to: z.array(name).min(1),
})

export const variable = z.string().regex(/^[A-Z_][A-Z0-9_]*$/u, 'allowed: the name of an environment variable')
const timeoutMs = z.int().min(500).max(10_000).default(5_000)
const destination = z.union([
  z.strictObject({
    slack: z.strictObject({
      tokenSecret: name.optional(),
      tokenVariable: variable.optional(),
      apiUrl: url.optional(),
      channel: name.optional(),
    }),
  }),
  z.strictObject({
    webhook: z.strictObject({
      url,
      keySecret: name.optional(),
      keyVariable: variable.optional(),
      privateNetwork: z.boolean().default(false),
      timeoutMs,
    }),
  }),
  z.strictObject({
    eventBridge: z.strictObject({ bus: name, region: name.optional(), source: name.default('tripline'), endpoint: url.optional() }),
  }),
  z.strictObject({
    sns: z.strictObject({
      topic: z.string().regex(/^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}(?:\.fifo)?$/u, 'allowed: the ARN of a topic'),
      endpoint: url.optional(),
    }),
  }),
])
/** How one destination is reached. */
export type DestinationConfig = z.infer<typeof destination>

const destinationName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/u, 'allowed: small letters, digits and hyphens')

export const routingKeys = {
  ownership: z
    .array(z.enum(ownershipKinds))
    .refine((kinds) => new Set(kinds).size === kinds.length, 'allowed: each of tags, groups, accounts, ous once')
    .default([...ownershipKinds]),
  groups: z.record(name, criteria).default({}),
  policies: z.record(name, z.strictObject({ groups: z.array(name).min(1) })).default({}),
  destinations: z.record(destinationName, destination).default({}),
  teams: z.array(team).default([]),
  routes: z.array(route).default([]),
  fallback: name,
  operators: z.array(name).default([]),
}
/** What the keys are where a configuration says nothing of them; for those that are written in code. */
export const plainRouting = { ownership: [...ownershipKinds], groups: {}, policies: {}, destinations: {}, operators: [] }
export const ownsNothing = { accounts: [], tags: {}, groups: [], ous: [] }

const routing = z.object(routingKeys)
type Routing = z.infer<typeof routing>

/** What the destinations of a configuration are called in routes. */
export function destinationNames(destinations: Routing['destinations']): readonly NamedDestination[] {
  return Object.entries(destinations).map(([each, kind]) => ({
    name: each,
    channel: 'slack' in kind ? (kind.slack.channel ?? null) : each,
  }))
}

/** One mistake at its place in the file. */
export interface Misfit {
  readonly path: readonly (string | number)[]
  readonly allowed: string
}

/** Names that lead nowhere: groups that are not there, accounts and OUs of strangers, destinations that nobody described. */
export function misfits(
  config: Routing & { accounts: readonly { id: string; label?: string | null; ou?: string | null }[] },
): readonly Misfit[] {
  const found: Misfit[] = []
  const expect = (holds: boolean, path: Misfit['path'], allowed: string): void => void (holds || found.push({ path, allowed }))
  const groups = new Set(Object.keys(config.groups))
  const teams = new Set(config.teams.map(({ id }) => id))
  const accounts = new Set(config.accounts.map(({ id }) => id))
  const labels = new Set(config.accounts.flatMap(({ label }) => label ?? []))
  const places = destinationNames(config.destinations)
  const group = (each: string, ...path: Misfit['path']): void =>
    expect(groups.has(each), path, `allowed: ${listed(groups, 'groups')}`)
  const account = (each: string, ...path: Misfit['path']): void =>
    expect(accounts.has(each), path, 'allowed: accounts listed under `accounts`')
  const place = (each: string, ...path: Misfit['path']): void => {
    const allowed = 'allowed: a Slack channel, a name under `destinations`, or a channel of one as slack-emea:#payments'
    expect(readTarget(each, [{ name: 'slack', channel: null }, ...places]) !== null, path, allowed)
  }
  for (const [index, id] of config.accounts.map((each) => each.id).entries()) {
    expect(config.accounts.findIndex((each) => each.id === id) === index, ['accounts', index, 'id'], 'allowed: each account once')
  }
  for (const [index, each] of config.teams.entries()) {
    expect(config.teams.findIndex(({ id }) => id === each.id) === index, ['teams', index, 'id'], 'allowed: each team once')
    place(each.channel, 'teams', index, 'channel')
    each.owns.accounts.forEach((id, at) => account(id, 'teams', index, 'owns', 'accounts', at))
    each.owns.groups.forEach((id, at) => group(id, 'teams', index, 'owns', 'groups', at))
  }
  for (const [index, { when, to }] of config.routes.entries()) {
    to.forEach((word, at) => word === 'team' || place(word, 'routes', index, 'to', at))
    when.groups?.forEach((id, at) => group(id, 'routes', index, 'when', 'groups', at))
    when.accounts?.forEach((id, at) => account(id, 'routes', index, 'when', 'accounts', at))
    when.labels?.forEach((label, at) =>
      expect(labels.has(label), ['routes', index, 'when', 'labels', at], `allowed: ${listed(labels, 'accounts.label')}`),
    )
    when.teams?.forEach((id, at) =>
      expect(teams.has(id), ['routes', index, 'when', 'teams', at], `allowed: ${listed(teams, 'teams')}`),
    )
  }
  for (const [id, scope] of Object.entries(config.policies))
    scope.groups.forEach((each, at) => group(each, 'policies', id, 'groups', at))
  for (const id of Object.keys(config.destinations))
    expect(
      id !== 'slack' && id !== 'team',
      ['destinations', id],
      'allowed: another name; slack is the workspace of the key `slack`, team the owner',
    )
  place(config.fallback, 'fallback')
  config.operators.forEach((word, at) => place(word, 'operators', at))
  return found
}

function listed(words: ReadonlySet<string>, key: string): string {
  return words.size === 0 ? `what is listed under \`${key}\`, which is empty` : [...words].slice(0, 20).join(', ')
}

function isZone(timeZone: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone }))
  } catch {
    return false
  }
}
