import { AwsError } from './error.ts'

/** What AssumeRole gave, valid for `lifeMs` from when it came. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
}
export interface Assumed {
  readonly credentials: Credentials
  readonly lifeMs: number
}

/** The credentials of each account, assumed once and shared. */
export interface CredentialCache {
  /** The account's credentials. The same object until they are renewed. */
  of(key: string): Promise<Credentials>
  /** These were refused as expired: forget them, unless they have been renewed already. */
  forget(key: string, refused: Credentials): void
}

interface Entry {
  readonly assumed: Assumed
  readonly since: number
}

/** A failed AssumeRole is not asked again for this long, so that a storm of marks is one question; sooner where that may help. */
const failureMs = { final: 2_000, retryable: 500 }

/** Keeps what `assume` gives: one call at a time a key, renewed beside the work when a fifth of the life is left. */
export function createCredentialCache(
  assume: (key: string) => Promise<Assumed>,
  now: () => number = () => performance.now(),
): CredentialCache {
  const entries = new Map<string, Entry>()
  const pending = new Map<string, Promise<Credentials>>()
  const failures = new Map<string, { readonly error: AwsError; readonly since: number }>()

  const renew = (key: string): Promise<Credentials> => {
    const running = pending.get(key)
    if (running !== undefined) return running
    const started = assume(key)
      .then((assumed) => {
        entries.set(key, { assumed, since: now() })
        failures.delete(key)
        return assumed.credentials
      })
      .catch((error: unknown) => {
        if (error instanceof AwsError) failures.set(key, { error, since: now() })
        throw error
      })
      .finally(() => pending.delete(key))
    pending.set(key, started)
    return started
  }

  return {
    async of(key) {
      const entry = entries.get(key)
      const leftMs = entry === undefined ? 0 : entry.since + entry.assumed.lifeMs - now()
      if (entry !== undefined && leftMs > entry.assumed.lifeMs / 5) return entry.assumed.credentials
      const failure = failures.get(key)
      const failedLately = failure !== undefined && now() - failure.since < restMs(failure.error)
      if (entry !== undefined && leftMs > 0) {
        // Still good: the caller does not wait, and a failed renewal is tried again by a later call.
        if (!failedLately) renew(key).catch(() => undefined)
        return entry.assumed.credentials
      }
      if (failedLately) throw failure.error
      return renew(key)
    },
    forget(key, refused) {
      if (entries.get(key)?.assumed.credentials === refused) entries.delete(key)
    },
  }
}

function restMs({ retryable, retryAfterMs }: AwsError): number {
  return Math.max(retryAfterMs ?? 0, retryable ? failureMs.retryable : failureMs.final)
}
