import { LRUCache } from 'lru-cache'
import { assumeRole } from './assume-role.ts'
import { accountWide, makers, type ClientOf, type ClientOptions, type Service } from './clients.ts'
import { createCredentialCache, type Credentials } from './credentials.ts'
import { createLimiter, type Limiter } from './limiter.ts'
import { partitionOf } from './partition.ts'
import { send } from './send.ts'
import type { Session, Sessions } from './session.ts'

export interface SessionsConfig {
  /** The audit role's name, the same in every account, or an ARN with `{accountId}` (and `{partition}`) in it. */
  readonly roleName: string
  /** Sent with every AssumeRole. */
  readonly externalId: string
  /** Shown in the accounts' own CloudTrail. */
  readonly sessionName?: string
  /** Where AWS answers instead of its own addresses. */
  readonly endpoint?: string
  /** Where we run: roles are assumed at this region's STS. By default as the SDK has it, `AWS_REGION`. */
  readonly region?: string
  /** What roles are assumed with. By default the SDK's chain: environment, profile, task role. */
  readonly credentials?: Credentials
}

/** Calls a second that an account's region gets from us, until AWS says otherwise. */
const perSecond: Readonly<Partial<Record<Service, number>>> = { cloudtrail: 50, ec2: 100, iam: 100, kms: 100, s3: 400 }

/** Clients are heavy; with more accounts and regions than this the least used are made again. */
const clientsKept = 500

/** Sessions through one role in every account. Makes no call before a client is first asked for. */
export function createSessions(config: SessionsConfig): Sessions {
  const home = config.region ?? process.env['AWS_REGION'] ?? 'us-east-1'
  const where = config.endpoint === undefined ? {} : { endpoint: config.endpoint }
  const own = config.credentials === undefined ? {} : { credentials: config.credentials }
  const stsLimiters = new Map<string, Limiter>()
  const stsClients = new Map<string, Promise<ClientOf<'sts'>>>()
  const role = {
    roleName: config.roleName,
    externalId: config.externalId,
    sessionName: config.sessionName ?? 'tripline',
    client: (region: string) => remember(stsClients, region, () => makers.sts({ region, ...where, ...own })),
    limiter: (region: string) => remember(stsLimiters, region, () => createLimiter(50)),
  }
  // Kept by account and partition: `123456789012 aws us-east-1`, the last being where its role is assumed.
  const credentials = createCredentialCache((key) => {
    const [accountId = '', partition = '', region = ''] = key.split(' ')
    return assumeRole(role, accountId, partition, region)
  })
  const limiters = new Map<string, Limiter>()
  const clients = new LRUCache<string, { readonly credentials: Credentials; readonly client: Promise<unknown> }>({
    max: clientsKept,
  })

  const keyOf = (accountId: string, region: string): string => {
    const partition = partitionOf(region)
    return `${accountId} ${partition.name} ${partition.name === partitionOf(home).name ? home : partition.main}`
  }

  /** A client with the account's present credentials, made anew when these are. */
  const client = async <S extends Service>(service: S, accountId: string, region: string): Promise<[ClientOf<S>, Credentials]> => {
    const current = await credentials.of(keyOf(accountId, region))
    const key = `${service} ${accountId} ${region}`
    let kept = clients.get(key)
    if (kept?.credentials !== current) {
      const make = makers[service] as (options: ClientOptions) => Promise<ClientOf<S>>
      kept = { credentials: current, client: make({ region, credentials: current, ...where }) }
      clients.set(key, kept)
    }
    return [(await kept.client) as ClientOf<S>, current]
  }

  /** The client as one session sees it: the same in everything but `send`. */
  const lend = async <S extends Service>(service: S, accountId: string, region: string, signal: AbortSignal) => {
    const limiter = remember(limiters, `${service} ${accountId} ${region}`, () => createLimiter(perSecond[service] ?? 50))
    const [model, first] = await client(service, accountId, region)
    const lent = Object.create(model) as ClientOf<S>
    const paced = (command: object): Promise<unknown> => {
      // Of this call alone: another may have renewed them meanwhile.
      let used = first
      const operation = command.constructor.name.replace(/Command$/, '')
      return send({ service, operation, accountId, region }, limiter, signal, {
        renew: () => credentials.forget(keyOf(accountId, region), used),
        once: async (abortSignal) => {
          const [current, currentCredentials] = await client(service, accountId, region)
          used = currentCredentials
          return (current.send as Send).call(current, command, { abortSignal })
        },
      })
    }
    return Object.assign(lent, { send: paced })
  }

  return {
    open(accountId, region, signal): Session {
      const real = region === 'global' ? partitionOf(home).main : region
      return {
        accountId,
        region: real,
        partition: partitionOf(real).name,
        signal,
        client: (service, other) =>
          lend(service, accountId, accountWide.has(service) ? partitionOf(real).main : (other ?? real), signal),
      }
    },
  }
}

type Send = (this: unknown, command: object, options: { abortSignal: AbortSignal }) => Promise<unknown>

function remember<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
