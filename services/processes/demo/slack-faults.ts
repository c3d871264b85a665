import type { SlackChannel } from './slack-workspace.ts'

/** What may go wrong at Slack, switched on from outside. */
export interface SlackFaults {
  /** The next `count` accepted calls of a method lose their answer on the way. */
  loseAnswers(count: number, method?: string): void
  /** The next `count` calls of a method get this HTTP status, without effect. */
  fail(count: number, status: number, method?: string): void
  /** The next `count` calls of a method are answered with this error word, without effect. */
  refuse(count: number, error: string, method?: string): void
  /** The next `count` calls of a method are asked to wait for so many seconds, without effect. */
  askToWait(count: number, seconds: string, method?: string): void
  /** The next `count` calls of a method are never answered, without effect. */
  hang(count: number, method?: string): void
  archive(channel: string): void
  remove(channel: string): void
  /** Takes the bot out of the channel. */
  leave(channel: string): void
  restore(channel: string): void
  /** Deletes a message, as a person may. */
  deleteMessage(channel: string, ts: string): void
  revokeToken(): void
  restoreToken(): void
}

/** One fault that waits for its call. */
export interface Fault {
  readonly kind: 'lose' | 'fail' | 'hang' | 'refuse' | 'wait'
  readonly method: string
  readonly status: number
  /** The word, or the seconds to wait. */
  readonly error: string
}

/** The switches, and what they have set. */
export function createFaults(
  set: (channel: string, state: SlackChannel['state']) => void,
  remove: (channel: string, ts: string) => void,
): {
  readonly switches: SlackFaults
  /** Takes the next fault that waits for the method. */
  next(method: string): Fault | null
  revoked(): boolean
} {
  const waiting: Fault[] = []
  let revoked = false
  const add = (count: number, fault: Partial<Fault> & Pick<Fault, 'kind'>, method = 'chat.postMessage'): void => {
    for (let left = count; left > 0; left -= 1) waiting.push({ status: 200, error: '', ...fault, method })
  }
  return {
    switches: {
      loseAnswers: (count, method) => add(count, { kind: 'lose' }, method),
      hang: (count, method) => add(count, { kind: 'hang' }, method),
      fail: (count, status, method) => add(count, { kind: 'fail', status }, method),
      refuse: (count, error, method) => add(count, { kind: 'refuse', error }, method),
      askToWait: (count, seconds, method) => add(count, { kind: 'wait', error: seconds }, method),
      archive: (channel) => set(channel, 'archived'),
      remove: (channel) => set(channel, 'removed'),
      leave: (channel) => set(channel, 'left'),
      restore: (channel) => set(channel, 'open'),
      deleteMessage: remove,
      revokeToken() {
        revoked = true
      },
      restoreToken() {
        revoked = false
      },
    },
    next(method) {
      const index = waiting.findIndex((fault) => fault.method === method)
      return index === -1 ? null : (waiting.splice(index, 1)[0] ?? null)
    },
    revoked: () => revoked,
  }
}
