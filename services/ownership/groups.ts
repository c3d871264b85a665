import { meets, type Criteria, type Placed, type Subject } from './criteria.ts'

/** An account as the configuration names it. */
export interface KnownAccount {
  readonly id: string
  readonly name: string
  readonly label: string | null
  /** Its place in the organisation, as `Root/Prod/Payments`. */
  readonly ou: string | null
}
/** A named set of resources by what they are. Nothing is kept of who is in it: each question looks at the state at hand. */
export interface AssetGroup {
  readonly name: string
  readonly is: Criteria
}
export interface Groups {
  readonly groups: readonly AssetGroup[]
  readonly accounts: ReadonlyMap<string, KnownAccount>
  placed(subject: Subject): Placed
  /** False for a group that is not there. */
  isIn(name: string, subject: Subject): boolean
}

/** Answers who is in which group. */
export function createGroups(groups: readonly AssetGroup[], known: readonly KnownAccount[]): Groups {
  const accounts = new Map(known.map((account) => [account.id, account]))
  const byName = new Map(groups.map((group) => [group.name, group]))
  const placed = (subject: Subject): Placed => {
    const account = accounts.get(subject.accountId)
    return { ...subject, label: account?.label ?? null, ou: account?.ou ?? null }
  }
  return {
    groups,
    accounts,
    placed,
    isIn(name, subject) {
      const group = byName.get(name)
      return group !== undefined && meets(group.is, placed(subject))
    },
  }
}
