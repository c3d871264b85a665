import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  createBucket,
  createPages,
  createTokens,
  type Bucket,
  type BucketCounts,
  type TokenCounts,
  type TokenRule,
} from './fault-rules.ts'
import { changesNothing, createStaleness, stranger, type Lag } from './fault-stale.ts'
import { denied, errorAnswer, expired, regionOff, throttled, type Answer, type DeniedBy } from './fault-wire.ts'

/** A call as it came by, told from its wire form. */
export interface Seen {
  readonly service: string
  /** `GetBucketPolicy`, `AssumeRole`, … */
  readonly operation: string
  /** The region that the caller signed for. */
  readonly region: string
  readonly accessKeyId: string
  /** Whose credentials they are, if AssumeRole gave them out through this proxy. */
  readonly accountId: string | null
  readonly method: string
  readonly path: string
  readonly query: string
  readonly body: string
  /** Of `performance.now()`. */
  readonly at: number
}
/** Which calls a fault hits; what is left out matches all. */
export interface Target {
  readonly service?: string
  readonly operation?: string
  readonly region?: string
  readonly accessKeyId?: string
  /** Whose credentials the call is made with; of AssumeRole, whose role is asked for. */
  readonly accountId?: string
  /** The page of a listing, 1 for the first. */
  readonly page?: number
}
export type Fault =
  | {
      readonly kind: 'error'
      readonly code: string
      readonly status: number
      readonly message?: string
      readonly headers?: Readonly<Record<string, string>>
    }
  | { readonly kind: 'text'; readonly status: number; readonly body: string; readonly type?: string }
  /** Never answers. */
  | { readonly kind: 'hang' }
  /** Answers with a head and then nothing. */
  | { readonly kind: 'hang-in-body' }
  /** Hangs up. */
  | { readonly kind: 'reset' }
  /** Hangs up in the middle of the answer. */
  | { readonly kind: 'cut' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** Lets the call through and changes the answer's text. */
  | { readonly kind: 'rewrite'; readonly change: (body: string) => string }
  /** In the service's own words. Of AssumeRole, `denied` is what a role says that is missing or does not trust the caller. */
  | { readonly kind: 'denied'; readonly by?: DeniedBy }
  | { readonly kind: 'region-off'; readonly optIn?: boolean }
  | { readonly kind: 'throttled' }
  | { readonly kind: 'expired' }

/** AWS behind a proxy that can do what moto cannot. */
export interface FaultProxy {
  readonly endpoint: string
  /** For those who change the world in a test: nothing fails here and nothing is recorded, but stale reads lag behind its writes. */
  readonly worldEndpoint: string
  readonly seen: readonly Seen[]
  /** Hits the next `times` matching calls (all by default). Later faults win. */
  inject(target: Target, fault: Fault, times?: number): void
  /**
   * After each write, reads of its account and service are answered as before it for so long. What it created is not found,
   * unless `created` is `shown`.
   */
  stale(target: Target, lag: Lag, created?: 'hidden' | 'shown'): void
  /** A token bucket for each account, region and operation; over it, calls are throttled in the service's own words. */
  bucket(bucket: Bucket, target?: Target): BucketCounts
  /** How long sessions live that are assumed from now on, and how often STS fails. */
  tokens(rule: TokenRule): TokenCounts
  /** Ends all faults and forgets what was seen. */
  clear(): void
  stop(): Promise<void>
}

/** What a call brings besides: its headers, and its body as it came. */
interface Wire {
  readonly headers: IncomingMessage['headers']
  readonly raw: Buffer
}

interface Rule {
  readonly target: Target
  readonly fault: Fault
  left: number
}

export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const seen: Seen[] = []
  const tokens = createTokens()
  const pages = createPages()
  const staleness = createStaleness()
  let rules: Rule[] = []
  let buckets: { readonly target: Target; readonly take: (call: Seen) => Answer | null }[] = []
  const hits = (where: Target, call: Seen): boolean =>
    matches(where, call) && (where.page === undefined || where.page === pages.of(call))

  /** What stands between a call and AWS, if anything does. */
  const obstacle = (call: Seen): Fault | Answer | 'reset' | null => {
    const refused = tokens.refuse(call)
    if (refused !== null) return refused
    for (const bucket of buckets) {
      const full = hits(bucket.target, call) ? bucket.take(call) : null
      if (full !== null) return full
    }
    const rule = rules.findLast((each) => each.left > 0 && hits(each.target, call))
    if (rule !== undefined) rule.left -= 1
    return rule?.fault ?? null
  }

  /** Passes a call on and learns from its answer. */
  const ask = async (call: Seen, rest: Wire, mortal: boolean): Promise<Answer> => {
    if (!changesNothing(call)) {
      const done = staleness.write(call)
      const answer = await forward(target, call, rest)
      done(answer)
      return answer
    }
    const sight = mortal ? staleness.look(call, (where) => hits(where, call)) : null
    if (sight !== null && 'answer' in sight) return sight.answer
    if (sight !== null) return askAsStranger(target, call, rest, sight.hide)
    const answer = await forward(target, call, rest)
    if (call.operation === 'AssumeRole') return { ...answer, body: tokens.issue(answer.body, mortal) }
    if (mortal) staleness.remember(call, answer)
    pages.learn(pages.of(call), answer.body)
    return answer
  }

  const serve = async (call: Seen, rest: Wire, outgoing: ServerResponse): Promise<void> => {
    seen.push(call)
    const fault = obstacle(call)
    if (fault === null) return reply(outgoing, await ask(call, rest, true))
    if (fault === 'reset') return void outgoing.destroy()
    if ('body' in fault && 'headers' in fault) return reply(outgoing, fault)
    return act(fault, call, outgoing, () => ask(call, rest, true))
  }
  const open = (handle: typeof serve): Server =>
    createServer((incoming, outgoing) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => {
        const raw = Buffer.concat(chunks)
        const call = read(incoming, raw.toString(), tokens.accountOf)
        handle(call, { headers: incoming.headers, raw }, outgoing).catch(() => outgoing.destroy())
      })
    })
  const front = open(serve)
  const side = open(async (call, rest, outgoing) => reply(outgoing, await ask(call, rest, false)))
  return {
    endpoint: await listen(front),
    worldEndpoint: await listen(side),
    seen,
    inject(where, fault, times = Number.POSITIVE_INFINITY) {
      rules.push({ target: where, fault, left: times })
    },
    stale: (where, lag, created = 'hidden') => staleness.begin(where, lag, created === 'hidden'),
    bucket(limit, where = {}) {
      const { counts, take } = createBucket(limit)
      buckets.push({ target: where, take })
      return counts
    },
    tokens: (rule) => tokens.begin(rule),
    clear() {
      rules = []
      buckets = []
      seen.length = 0
      tokens.clear()
      staleness.clear()
      pages.clear()
    },
    async stop() {
      for (const server of [front, side]) {
        server.closeAllConnections()
        await new Promise<void>((resolve) => server.close(() => resolve()))
      }
    },
  }
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function matches(target: Target, call: Seen): boolean {
  const accountId = call.operation === 'AssumeRole' ? /iam%3A%3A(\d{12})/i.exec(call.body)?.[1] : call.accountId
  return (
    (target.service ?? call.service) === call.service &&
    (target.operation ?? call.operation) === call.operation &&
    (target.region ?? call.region) === call.region &&
    (target.accessKeyId ?? call.accessKeyId) === call.accessKeyId &&
    (target.accountId ?? accountId) === accountId
  )
}

async function act(fault: Fault, call: Seen, outgoing: ServerResponse, ask: () => Promise<Answer>): Promise<void> {
  switch (fault.kind) {
    case 'rewrite': {
      const answer = await ask()
      return reply(outgoing, { ...answer, body: fault.change(answer.body) })
    }
    case 'delay':
      await new Promise((resolve) => setTimeout(resolve, fault.ms))
      return reply(outgoing, await ask())
    case 'error': {
      const answer = errorAnswer(call.service, fault.status, fault.code, fault.message ?? 'injected by the fault proxy')
      return reply(outgoing, { ...answer, headers: { ...answer.headers, ...fault.headers } })
    }
    case 'denied':
      return reply(outgoing, denied(call, fault.by ?? 'iam'))
    case 'region-off':
      return reply(outgoing, regionOff(call, fault.optIn ?? false))
    case 'throttled':
      return reply(outgoing, throttled(call))
    case 'expired':
      return reply(outgoing, expired(call))
    case 'text':
      return reply(outgoing, { status: fault.status, headers: { 'content-type': fault.type ?? 'text/html' }, body: fault.body })
    case 'cut': {
      const { status, headers, body } = await ask()
      outgoing.writeHead(status, withLength(headers, body))
      outgoing.write(body.slice(0, body.length / 2), () => outgoing.destroy())
      return undefined
    }
    case 'hang-in-body':
      outgoing.writeHead(200, { 'content-type': 'text/xml', 'content-length': '1000' })
      outgoing.write('<')
      return undefined
    case 'reset':
      outgoing.destroy()
      return undefined
    case 'hang':
      return undefined
  }
}

function reply(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  outgoing.writeHead(status, withLength(headers, body))
  outgoing.end(outgoing.req.method === 'HEAD' ? undefined : body)
}

function withLength(headers: Answer['headers'], body: string): Record<string, string | string[]> {
  const kept = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined || name === 'transfer-encoding' ? [] : [[name, typeof value === 'string' ? value : [...value]] as const],
  )
  return { ...Object.fromEntries(kept), 'content-length': String(Buffer.byteLength(body)) }
}

/** Asks AWS about names that nobody has instead of these, so that it says in its own words that they are not there. */
async function askAsStranger(target: string, call: Seen, { headers }: Wire, hide: readonly string[]): Promise<Answer> {
  const swap = (text: string, back = false): string =>
    hide.reduce((result, word) => {
      const forms = [word, encodeURIComponent(word)].map((form) => [form, stranger(form)] as const)
      return forms.reduce((kept, [ours, theirs]) => (back ? kept.replaceAll(theirs, ours) : kept.replaceAll(ours, theirs)), result)
    }, text)
  const asked = { ...call, path: swap(call.path), query: swap(call.query) }
  const answer = await forward(target, asked, { headers, raw: Buffer.from(swap(call.body)) })
  return { ...answer, body: swap(answer.body, true) }
}

function forward(target: string, call: Seen, { headers, raw }: Wire): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const url = new URL(call.path + call.query, target)
    const onward = request(url, { method: call.method, headers }, (reply_) => {
      const chunks: Buffer[] = []
      reply_.on('data', (chunk: Buffer) => chunks.push(chunk))
      reply_.on('error', reject)
      reply_.on('end', () =>
        resolve({ status: reply_.statusCode ?? 502, headers: reply_.headers, body: Buffer.concat(chunks).toString() }),
      )
    })
    onward.on('error', reject)
    onward.end(raw)
  })
}

function read(incoming: IncomingMessage, body: string, accountOf: (accessKeyId: string) => string | null): Seen {
  const url = new URL(incoming.url ?? '/', 'http://aws')
  const method = incoming.method ?? 'GET'
  const scope = /Credential=([^/]+)\/\d+\/([^/]+)\/([^/]+)\//.exec(incoming.headers.authorization ?? '')
  const [accessKeyId = '', region = '', service = ''] = scope?.slice(1) ?? []
  const header = incoming.headers['x-amz-target']
  const operation =
    typeof header === 'string'
      ? (header.split('.').at(-1) ?? '')
      : (new URLSearchParams(body).get('Action') ??
        (service === 's3' ? s3Operation(method, url) : restOperation(service, method, url)))
  const wire = { method, path: url.pathname, query: url.search, body, at: performance.now() }
  return { service, operation, region, accessKeyId, accountId: accountOf(accessKeyId), ...wire }
}

const s3Operations: Readonly<Record<string, string>> = {
  acl: 'GetBucketAcl',
  encryption: 'GetBucketEncryption',
  lifecycle: 'GetBucketLifecycleConfiguration',
  location: 'GetBucketLocation',
  logging: 'GetBucketLogging',
  'object-lock': 'GetObjectLockConfiguration',
  policy: 'GetBucketPolicy',
  publicAccessBlock: 'GetPublicAccessBlock',
  tagging: 'GetBucketTagging',
  versioning: 'GetBucketVersioning',
}

/** Services whose calls are told by method and path alone. */
const rest: Readonly<Record<string, readonly (readonly [method: string, path: RegExp, operation: string])[]>> = {
  eks: [
    ['GET', /^\/clusters\/?$/, 'ListClusters'],
    ['GET', /^\/clusters\/[^/]+$/, 'DescribeCluster'],
    ['GET', /\/node-groups\/?$/, 'ListNodegroups'],
    ['GET', /\/node-groups\/[^/]+$/, 'DescribeNodegroup'],
    ['GET', /\/fargate-profiles\/?$/, 'ListFargateProfiles'],
    ['GET', /\/fargate-profiles\/[^/]+$/, 'DescribeFargateProfile'],
  ],
  guardduty: [
    ['GET', /^\/detector$/, 'ListDetectors'],
    ['GET', /^\/detector\/\w+$/, 'GetDetector'],
    ['GET', /^\/detector\/\w+\/administrator$/, 'GetAdministratorAccount'],
  ],
  lambda: [
    ['GET', /\/functions\/?$/, 'ListFunctions'],
    ['GET', /\/functions\/[^/]+\/configuration$/, 'GetFunctionConfiguration'],
    ['GET', /\/functions\/[^/]+\/policy$/, 'GetPolicy'],
    ['GET', /\/functions\/[^/]+\/url$/, 'GetFunctionUrlConfig'],
    ['GET', /^\/2017-03-31\/tags\//, 'ListTags'],
  ],
}

function restOperation(service: string, method: string, { pathname }: URL): string {
  return rest[service]?.find(([verb, path]) => verb === method && path.test(pathname))?.[2] ?? `${method} ${pathname}`
}

function s3Operation(method: string, { pathname, searchParams }: URL): string {
  const verb = { PUT: 'Put', POST: 'Post', DELETE: 'Delete', HEAD: 'Head' }[method] ?? 'Get'
  if (pathname === '/') return 'ListBuckets'
  for (const key of searchParams.keys()) {
    const operation = s3Operations[key]
    if (operation !== undefined) return operation.replace('Get', verb)
  }
  if (/^\/[^/]+\/?$/.test(pathname) && verb !== 'Get') return `${verb === 'Put' ? 'Create' : verb}Bucket`
  return verb === 'Get' ? 'other' : `${verb}Object`
}
