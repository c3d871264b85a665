import { LRUCache } from 'lru-cache'
import { assumeRole } from './assume-role.ts'
import { accountWide, ask, makers, type AnyClient, type ClientOf, type ClientOptions, type Clock, type Service } from './clients.ts'
import { createCredentialCache, type Credentials } from './credentials.ts'
import type { Call } from './error.ts'
import { createGate } from './gate.ts'
import { createLimits } from './limits.ts'
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
  /** This process's part of all limits, above 0 and up to 1, asked anew for each call: 1/N of N live workers. By default all. */
  readonly share?: () => number
}

/** Calls under way at once, which bounds the open connections: of the process, of one account, and to STS besides. */
const underWay = { most: 256, mostOfOne: 64 }
const underWayToSts = { most: 32, mostOfOne: 1 }

/** Clients are heavy; with more accounts and regions than this the least used are made again. */
const clientsKept = 500

/** Sessions through one role in every account. Makes no call before a client is first asked for. */
export function createSessions(config: SessionsConfig): Sessions {
  const home = config.region ?? process.env['AWS_REGION'] ?? 'us-east-1'
  const where = config.endpoint === undefined ? {} : { endpoint: config.endpoint }
  const own = config.credentials === undefined ? {} : { credentials: config.credentials }
  const limits = createLimits(() => Math.min(1, Math.max(0.001, config.share?.() ?? 1)))
  const gate = createGate(underWay)
  const stsGate = createGate(underWayToSts)
  const clock: Clock = { offsetMs: 0 }
  const stsClients = new Map<string, Promise<ClientOf<'sts'>>>()
  const role = {
    roleName: config.roleName,
    externalId: config.externalId,
    sessionName: config.sessionName ?? 'tripline',
    client: (region: string) => remember(stsClients, region, () => makers.sts({ region, ...where, ...own, clock })),
    pace: (call: Call) => ({ limiter: limits(call), gate: stsGate }),
    clock,
  }
  // Kept by account and partition: `123456789012 aws us-east-1`, the last being where its role is assumed.
  const credentials = createCredentialCache((key) => {
    const [accountId = '', partition = '', region = ''] = key.split(' ')
    return assumeRole(role, accountId, partition, region)
  })
  const clients = new LRUCache<string, Kept>({ max: clientsKept })

  const keyOf = (accountId: string, region: string): string => {
    const partition = partitionOf(region)
    return `${accountId} ${partition.name} ${partition.name === partitionOf(home).name ? home : partition.main}`
  }

  /** A client with the account's present credentials, made anew when these are. */
  const client = async (service: Service, accountId: string, region: string): Promise<Kept> => {
    const current = await credentials.of(keyOf(accountId, region))
    const key = `${service} ${accountId} ${region}`
    const kept = clients.get(key)
    if (kept?.credentials === current) return kept
    const made = (makers[service] as Maker)({ region, credentials: current, ...where, clock })
    const fresh = { credentials: current, client: made, place: kept?.place ?? { known: false } }
    clients.set(key, fresh)
    return fresh
  }

  /** The client as one session sees it: the same in everything but `send`. */
  const lend = async <S extends Service>(service: S, accountId: string, region: string, signal: AbortSignal) => {
    const first = await client(service, accountId, region)
    const lent = Object.create(await first.client) as ClientOf<S>
    const paced = (command: object): Promise<unknown> => {
      // Of this call alone: another may have renewed them meanwhile.
      let used = first.credentials
      const call: Call = { service, operation: command.constructor.name.replace(/Command$/, ''), accountId, region }
      return send(call, { limiter: limits(call), gate }, signal, {
        place: first.place,
        renew: () => credentials.forget(keyOf(accountId, region), used),
        once: async (abortSignal) => {
          const current = await client(service, accountId, region)
          used = current.credentials
          return ask(await current.client, command, abortSignal, call, clock)
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

type Maker = (options: ClientOptions) => Promise<AnyClient>
interface Kept {
  readonly credentials: Credentials
  readonly client: Promise<AnyClient>
  /** Whether it answered before: kept when the credentials are renewed. */
  readonly place: { known: boolean }
}

function remember<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
