import type { Account } from '../account.ts'
import type { ApiCall } from '../cloudtrail-event.ts'

/** One thing that happens during the play. One file each, all alike. */
export interface Incident {
  /** For the terminal: what happens, as a person would tell it. */
  readonly title: string
  /** The account in which it happens, by name. */
  readonly account: string
  /** What is different in the account afterwards; nothing for calls that only read, and sign-ins. */
  readonly change: (account: Account) => void
  /** The calls that CloudTrail tells of. */
  readonly calls: (account: Account) => readonly ApiCall[]
  /** How often the queue delivers each; more than once for a queue that repeats itself. */
  readonly copies: number
  /** Everything that it must bring, and nothing else may come. */
  readonly expected: readonly Expected[]
}
/** A message that an incident must bring, or what it must make of an earlier one. */
export interface Expected {
  readonly detection: string
  readonly channel: string
  /** A text that the message shows, to tell it from others of its kind. */
  readonly about: string
  /**
   * `new`: a new message. The others change a message that is there: `repeated` counts up, `resolved` ends it, `thread` makes it the
   * parent of several; `detail` is the reply that tells then what it told.
   */
  readonly state: 'new' | 'repeated' | 'resolved' | 'thread' | 'detail'
}

export const nothing = (): void => undefined
