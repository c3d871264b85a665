import { createRouter, type Router, type RouteTable } from '#alerting'
import {
  createGroups,
  createOwnership,
  type AssetGroup,
  type KnownAccount,
  type Ownership,
  type OwnershipKind,
  type Team,
} from '#ownership'

export const ownsNothing: Team['owns'] = { tags: [], groups: [], accounts: [], ous: [] }

/** What a configuration says of owners and routes; what is left out is empty. */
export interface Given extends Partial<RouteTable> {
  readonly accounts?: readonly KnownAccount[]
  readonly groups?: readonly AssetGroup[]
  readonly teams?: readonly Team[]
  readonly order?: readonly OwnershipKind[]
  readonly now?: () => Date
}

function anOwnership({ accounts = [], groups = [], teams = [], order }: Given): Ownership {
  return createOwnership({ teams, order: order ?? ['tags', 'groups', 'accounts', 'ous'] }, createGroups(groups, accounts))
}

export function aRouter(given: Given = {}): Router {
  const { routes = [], fallback = 'security', operators = [], destinations = [] } = given
  return createRouter({ routes, fallback, operators, destinations }, anOwnership(given), given.now)
}
