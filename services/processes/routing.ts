import { createRouter, readTarget, type Router, type Target } from '#alerting'
import { createGroups, createOwnership, type Ownership } from '#ownership'
import type { Config } from './config.ts'
import { destinationNames } from './config-routing.ts'

/** Who owns what, and where alerts go, as the configuration says. */
export interface Routing {
  readonly ownership: Ownership
  readonly route: Router
  readonly fallback: Target
  /** The groups to which policies are scoped, by policy. */
  readonly scopes: ReadonlyMap<string, readonly string[]>
}

export function routingOf(config: Config, now?: () => Date): Routing {
  const groups = createGroups(
    Object.entries(config.groups).map(([name, is]) => ({ name, is })),
    config.accounts,
  )
  const teams = config.teams.map(({ id, channel, owns }) => {
    const tags = Object.entries(owns.tags).map(([key, value]) => ({ key, value }))
    return { id, channel, owns: { ...owns, tags } }
  })
  const ownership = createOwnership({ teams, order: config.ownership }, groups)
  const { routes, fallback, operators } = config
  const destinations = destinationNames(config.destinations)
  return {
    ownership,
    route: createRouter({ routes, fallback, operators, destinations }, ownership, now),
    fallback: readTarget(fallback, destinations) ?? { destination: 'slack', channel: fallback },
    scopes: new Map(Object.entries(config.policies).map(([id, scope]) => [id, scope.groups])),
  }
}
