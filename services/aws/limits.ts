import { LRUCache } from 'lru-cache'
import type { Service } from './clients.ts'
import type { Call } from './error.ts'
import { createLimiter, type Limiter } from './limiter.ts'

/** The most calls a second that one account's region gets from all of us, until AWS says otherwise. */
interface Ceiling {
  readonly perSecond: number
  /** The operations draw from one bucket, as AWS has it there; otherwise each has its own. */
  readonly together?: true
  /** Operations with a bucket of their own and another limit. */
  readonly apart?: Readonly<Record<string, number>>
}

/**
 * AWS's documented defaults where it has them (acm, cloudtrail, lambda), and a part of those that are meant for an account's own
 * work (ec2's bucket of 100, kms, sts); guesses on the careful side for the rest.
 */
const ceilings: Readonly<Partial<Record<Service | 'sts', Ceiling>>> = {
  acm: { perSecond: 10 },
  cloudtrail: { perSecond: 10, together: true, apart: { LookupEvents: 2 } },
  ec2: { perSecond: 100 },
  iam: { perSecond: 50 },
  kms: { perSecond: 100 },
  lambda: { perSecond: 15, together: true, apart: { GetFunction: 100, GetPolicy: 15 } },
  s3: { perSecond: 100 },
  sts: { perSecond: 100 },
}
const careful: Ceiling = { perSecond: 20 }

/** Limiters kept; those unused for longest forget what they have learned. */
const kept = 20_000

/** The one owner of all limits: a limiter for each account, region, service and operation. */
export function createLimits(share: () => number): (call: Call) => Limiter {
  const limiters = new LRUCache<string, Limiter>({ max: kept })
  return ({ service, operation, accountId, region }) => {
    const ceiling = (ceilings as Readonly<Record<string, Ceiling>>)[service] ?? careful
    const apart = ceiling.apart?.[operation]
    const bucket = apart === undefined && ceiling.together ? 'all' : operation
    const key = `${accountId} ${region} ${service} ${bucket}`
    const known = limiters.get(key)
    if (known !== undefined) return known
    const made = createLimiter({ perSecond: apart ?? ceiling.perSecond, share })
    limiters.set(key, made)
    return made
  }
}
