import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { emptyAccount, recordedAccounts, type Account } from './account.ts'
import { cloudtrail } from './aws-cloudtrail.ts'
import { ec2 } from './aws-ec2.ts'
import { iam } from './aws-iam.ts'
import { kms } from './aws-kms.ts'
import { s3 } from './aws-s3.ts'
import { createSts, type RoleSession } from './aws-sts.ts'
import { read, send } from './aws-protocol.ts'
import { fault, type Answer, type Call, type Service } from './aws-wire.ts'

/** A small AWS on loopback: recorded accounts behind AWS's own wire. Its callers cannot know that it is not AWS. */
export interface AwsServer {
  readonly endpoint: string
  /** The state behind the answers. Change it in place: the next answer shows it. */
  readonly accounts: readonly Account[]
  /** How many calls came, by `service:Action`. */
  calls(): ReadonlyMap<string, number>
  /** Answers matching calls with an error until undone. */
  refuse(which: { account?: string; service?: string; action?: string }, how: 'denied' | 'throttled'): () => void
  stop(): Promise<void>
}

/** Tripline's own account in the demo: what the base credentials belong to. Nothing is watched in it. */
const hub = emptyAccount('999988887777', 'security')
const refusals = {
  denied: {
    json: 'AccessDeniedException',
    ec2: 'UnauthorizedOperation',
    other: 'AccessDenied',
    status: 403,
    message: 'is not authorized to perform this action',
  },
  throttled: {
    json: 'ThrottlingException',
    ec2: 'RequestLimitExceeded',
    other: 'Throttling',
    status: 400,
    message: 'Rate exceeded',
  },
} as const

/** Starts the server on a free port. `latencyMs` is added to each answer; real AWS takes about 50. */
export async function startAwsServer(options: { latencyMs?: number; accounts?: readonly Account[] } = {}): Promise<AwsServer> {
  const accounts = options.accounts ?? (await recordedAccounts())
  const sessions = new Map<string, RoleSession>()
  const services = new Map([createSts(accounts, sessions), ec2, s3, iam, kms, cloudtrail].map((each) => [each.name, each]))
  const counts = new Map<string, number>()
  const refused = new Set<{ which: { account?: string; service?: string; action?: string }; how: keyof typeof refusals }>()

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request)
    if (options.latencyMs !== undefined && options.latencyMs > 0) await wait(options.latencyMs)
    const signed = /Credential=([^/]+)\/\d+\/([^/]+)\/([^/]+)\/aws4_request/.exec(request.headers.authorization ?? '')
    const service = services.get(signed?.[3] ?? '') ?? (signed === null ? undefined : emptyService(signed[3] ?? '', request))
    if (signed === null || service === undefined) {
      send(response, s3, '', fault('MissingAuthenticationToken', 'Request is missing Authentication Token', 403))
      return
    }
    const { action, input, path } = read(service, request, body)
    counts.set(`${service.name}:${action}`, (counts.get(`${service.name}:${action}`) ?? 0) + 1)
    const session = sessions.get(signed[1] ?? '')
    const call: Call = {
      account: session?.account ?? hub,
      region: signed[2] ?? '',
      action,
      input,
      path,
      session: session?.session ?? '',
    }
    const refusal = [...refused].find(
      ({ which }) =>
        (which.account ?? call.account.id) === call.account.id &&
        (which.service ?? service.name) === service.name &&
        (which.action ?? action) === action,
    )
    if (refusal !== undefined) send(response, service, action, refuse(service, action, refusal.how))
    else if (session !== undefined && session.token !== request.headers['x-amz-security-token']) {
      send(response, service, action, fault('InvalidClientTokenId', 'The security token included in the request is invalid', 403))
    } else if (session !== undefined && session.expiresAt < Date.now()) {
      send(response, service, action, fault('ExpiredToken', 'The security token included in the request is expired', 403))
    } else send(response, service, action, answer(service, call))
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accounts,
    calls: () => counts,
    refuse(which, how) {
      const entry = { which, how }
      refused.add(entry)
      return () => void refused.delete(entry)
    },
    async stop() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** A service of which nothing is recorded: to every question it answers that there is none. */
function emptyService(name: string, request: IncomingMessage): Service {
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true
  return { name, protocol: isForm ? 'query' : 'json', namespace: '', actions: {}, isEmpty: true }
}

function answer(service: Service, call: Call): Answer {
  const action = service.actions[call.action]
  if (action !== undefined) return action(call)
  if (service.isEmpty === true || (service.name !== 'sts' && /^(?:Describe|List)[A-Z]/.test(call.action))) return { result: {} }
  return fault(
    service.protocol === 'json' ? 'UnknownOperationException' : 'InvalidAction',
    `The action ${call.action} is not valid for this web service.`,
  )
}

function refuse(service: Service, action: string, how: keyof typeof refusals): Answer {
  const { json, ec2: ec2Code, other, status, message } = refusals[how]
  const code = service.protocol === 'json' ? json : service.protocol === 'ec2' ? ec2Code : other
  return fault(
    code,
    how === 'denied' ? `User ${message}: ${service.name}:${action}` : message,
    service.name === 's3' && how === 'throttled' ? 503 : status,
  )
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
