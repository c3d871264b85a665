// In: accounts, asset groups and teams as the configuration names them. Out: whose a resource is, and which policies look at it.
export {
  createOwnership,
  ownershipKinds,
  type Owner,
  type Ownership,
  type OwnershipKind,
  type OwnershipTable,
  type Team,
} from './ownership.ts'
export { createGroups, type AssetGroup, type Groups, type KnownAccount } from './groups.ts'
export { type Criteria, type Subject } from './criteria.ts'
export { scopePolicies } from './scope.ts'
