import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** As much of AWS as sessions need: STS gives every role, and every other call is answered with an empty JSON or XML. */
export interface TinyAws extends AsyncDisposable {
  readonly endpoint: string
  /** Connections open now, and the most that ever were. */
  readonly connections: { open: number; most: number }
}

/** Answers a call otherwise than usual; true when it did. */
export type Otherwise = (incoming: IncomingMessage, outgoing: ServerResponse, body: string) => boolean

export async function startTinyAws(otherwise: Otherwise = () => false): Promise<TinyAws> {
  const connections = { open: 0, most: 0 }
  let issued = 0
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      if (otherwise(incoming, outgoing, body)) return
      const json = incoming.headers['x-amz-target'] !== undefined
      outgoing.writeHead(200, { 'content-type': json ? 'application/x-amz-json-1.1' : 'text/xml' })
      const action = new URLSearchParams(body).get('Action') ?? ''
      if (action === 'AssumeRole') outgoing.end(assumed(body, (issued += 1)))
      else outgoing.end(json ? '{}' : `<${action}Response></${action}Response>`)
    })
  })
  server.on('connection', (socket) => {
    connections.open += 1
    connections.most = Math.max(connections.most, connections.open)
    socket.once('close', () => (connections.open -= 1))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function assumed(body: string, number: number): string {
  const account = /::(\d{12}):/.exec(new URLSearchParams(body).get('RoleArn') ?? '')?.[1] ?? ''
  const end = new Date(Date.now() + 3_600_000).toISOString()
  return `<AssumeRoleResponse><AssumeRoleResult>
    <Credentials><AccessKeyId>ASIA${number}OF${account}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
    <SessionToken>t</SessionToken><Expiration>${end}</Expiration></Credentials>
    <AssumedRoleUser><Arn>arn:aws:sts::${account}:assumed-role/audit/tripline</Arn></AssumedRoleUser>
  </AssumeRoleResult></AssumeRoleResponse>`
}
