import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A call as it came by, told from its wire form. */
interface Seen {
  readonly service: string
  /** `GetBucketPolicy`, `AssumeRole`, … */
  readonly operation: string
  /** The region that the caller signed for. */
  readonly region: string
  readonly accessKeyId: string
  readonly path: string
  readonly body: string
}
/** Which calls a fault hits; what is left out matches all. */
interface Target {
  readonly service?: string
  readonly operation?: string
  readonly region?: string
  readonly accessKeyId?: string
}
type Fault =
  | { readonly kind: 'error'; readonly code: string; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'text'; readonly status: number; readonly body: string; readonly type?: string }
  /** Never answers. */
  | { readonly kind: 'hang' }
  /** Answers with a head and then nothing. */
  | { readonly kind: 'hang-in-body' }
  /** Hangs up. */
  | { readonly kind: 'reset' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** Lets the call through and changes the answer's text. */
  | { readonly kind: 'rewrite'; readonly change: (body: string) => string }

/** AWS behind a proxy that can do what moto cannot. */
export interface FaultProxy {
  readonly endpoint: string
  readonly seen: readonly Seen[]
  /** Hits the next `times` matching calls (all by default). Later faults win. */
  inject(target: Target, fault: Fault, times?: number): void
  /** Ends all faults and forgets what was seen. */
  clear(): void
  stop(): Promise<void>
}

interface Rule {
  readonly target: Target
  readonly fault: Fault
  left: number
}

export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const seen: Seen[] = []
  let rules: Rule[] = []
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const body = Buffer.concat(chunks)
      const call = read(incoming, body.toString())
      seen.push(call)
      const rule = rules.findLast((each) => each.left > 0 && hits(each.target, call))
      if (rule !== undefined) rule.left -= 1
      answer(target, rule?.fault ?? null, call, incoming, outgoing, body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    seen,
    inject(where, fault, times = Number.POSITIVE_INFINITY) {
      rules.push({ target: where, fault, left: times })
    },
    clear() {
      rules = []
      seen.length = 0
    },
    async stop() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function hits(target: Target, call: Seen): boolean {
  return (
    (target.service ?? call.service) === call.service &&
    (target.operation ?? call.operation) === call.operation &&
    (target.region ?? call.region) === call.region &&
    (target.accessKeyId ?? call.accessKeyId) === call.accessKeyId
  )
}

function answer(
  target: string,
  fault: Fault | null,
  call: Seen,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  body: Buffer,
): void {
  const pass = (change: ((text: string) => string) | null): void => forward(target, incoming, outgoing, body, change)
  switch (fault?.kind) {
    case undefined:
      return pass(null)
    case 'rewrite':
      return pass(fault.change)
    case 'delay':
      setTimeout(() => pass(null), fault.ms)
      return undefined
    case 'error': {
      const { type, text } = errorBody(call.service, fault.code)
      outgoing.writeHead(fault.status, { 'content-type': type, ...fault.headers })
      outgoing.end(text)
      return undefined
    }
    case 'text':
      outgoing.writeHead(fault.status, { 'content-type': fault.type ?? 'text/html' })
      outgoing.end(fault.body)
      return undefined
    case 'hang-in-body':
      outgoing.writeHead(200, { 'content-type': 'text/xml', 'content-length': '1000' })
      outgoing.write('<')
      return undefined
    case 'reset':
      incoming.socket.destroy()
      return undefined
    case 'hang':
      return undefined
  }
}

function forward(
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  body: Buffer,
  change: ((text: string) => string) | null,
): void {
  const url = new URL(incoming.url ?? '/', target)
  const options = { method: incoming.method ?? 'GET', headers: incoming.headers }
  const onward = request(url, options, (reply) => {
    const chunks: Buffer[] = []
    reply.on('data', (chunk: Buffer) => chunks.push(chunk))
    reply.on('end', () => {
      const whole = Buffer.concat(chunks)
      const text = change === null ? whole : Buffer.from(change(whole.toString()))
      const { 'transfer-encoding': _, ...headers } = reply.headers
      outgoing.writeHead(reply.statusCode ?? 502, { ...headers, 'content-length': String(text.length) })
      outgoing.end(incoming.method === 'HEAD' ? undefined : text)
    })
  })
  onward.on('error', () => outgoing.destroy())
  onward.end(body)
}

function read(incoming: IncomingMessage, body: string): Seen {
  const url = new URL(incoming.url ?? '/', 'http://aws')
  const scope = /Credential=([^/]+)\/\d+\/([^/]+)\/([^/]+)\//.exec(incoming.headers.authorization ?? '')
  const [accessKeyId = '', region = '', service = ''] = scope?.slice(1) ?? []
  const header = incoming.headers['x-amz-target']
  const operation =
    typeof header === 'string'
      ? (header.split('.').at(-1) ?? '')
      : (new URLSearchParams(body).get('Action') ??
        (service === 's3' ? s3Operation(url) : restOperation(service, incoming.method, url)))
  return { service, operation, region, accessKeyId, path: url.pathname, body }
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
const rest: Readonly<Record<string, readonly (readonly [method: string, path: RegExp, operation: string])[]>> = {}

function restOperation(service: string, method = 'GET', { pathname }: URL): string {
  return rest[service]?.find(([verb, path]) => verb === method && path.test(pathname))?.[2] ?? `${method} ${pathname}`
}

function s3Operation({ pathname, searchParams }: URL): string {
  if (pathname === '/') return 'ListBuckets'
  for (const key of searchParams.keys()) if (s3Operations[key] !== undefined) return s3Operations[key]
  return 'other'
}

const xml = new Set(['s3', 'ec2', 'iam', 'sts', 'rds', 'redshift', 'elasticloadbalancing', 'cloudformation', 'sns'])

/** An error as the service words it on the wire. */
function errorBody(service: string, code: string): { type: string; text: string } {
  const message = 'injected by the fault proxy'
  if (!xml.has(service)) return { type: 'application/x-amz-json-1.1', text: JSON.stringify({ __type: code, message }) }
  const error = `<Error><Code>${code.replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</Code><Message>${message}</Message></Error>`
  if (service === 's3') return { type: 'application/xml', text: `<?xml version="1.0"?>${error}` }
  if (service === 'ec2') return { type: 'text/xml', text: `<Response><Errors>${error}</Errors><RequestID>1</RequestID></Response>` }
  return { type: 'text/xml', text: `<ErrorResponse>${error}<RequestId>1</RequestId></ErrorResponse>` }
}
