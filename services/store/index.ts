// In: nouns to keep. Out: nouns kept, leased and settled. PostgreSQL or PGlite, the same SQL.
export { migrate, openStore, type StoreConfig } from './open.ts'
export { StoreError, type StoreErrorCode } from './error.ts'
export type {
  Alerts,
  Deliveries,
  Findings,
  Inbox,
  InboxKey,
  Judged,
  LeasedDelivery,
  LeasedMark,
  MarkClass,
  Marks,
  PolicyFinding,
  Quarantine,
  QuarantineItem,
  Records,
  RuleHit,
  Scan,
  Scans,
  States,
  Store,
  StoredState,
  Wish,
} from './store.ts'
