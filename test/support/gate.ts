import { createServer, request as send, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One request as it passes the gate. */
export interface Passing {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}
/** An HTTP gate in front of a server: lets everything through but what a test wants to hold. */
export interface Gate {
  readonly url: string
  /** Resolves when a matching request is held: `before` the server sees it, or `after` the server answered it. It is never answered. */
  hold(matches: (passing: Passing) => boolean, when: 'before' | 'after'): Promise<Passing>
  stop(): Promise<void>
}

interface Hold {
  readonly matches: (passing: Passing) => boolean
  readonly when: 'before' | 'after'
  readonly caught: (passing: Passing) => void
}

export async function openGate(target: string): Promise<Gate> {
  const to = new URL(target)
  let holds: Hold[] = []
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const bytes = Buffer.concat(chunks)
      const passing = {
        method: incoming.method ?? 'GET',
        path: incoming.url ?? '/',
        headers: incoming.headers,
        body: bytes.toString(),
      }
      const hold = holds.find((each) => each.matches(passing))
      if (hold !== undefined) holds = holds.filter((each) => each !== hold)
      if (hold?.when === 'before') {
        hold.caught(passing)
        return
      }
      // The Host header stays as it was: it is part of what the SDK signed.
      const onward = send(
        { host: to.hostname, port: to.port, method: passing.method, path: passing.path, headers: incoming.headers },
        (answer) => {
          if (hold !== undefined) {
            answer.resume()
            answer.on('end', () => hold.caught(passing))
            return
          }
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
          answer.pipe(outgoing)
        },
      )
      onward.on('error', () => outgoing.destroy())
      outgoing.on('close', () => onward.destroy())
      onward.end(bytes)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: (matches, when) => new Promise((caught) => holds.push({ matches, when, caught })),
    async stop() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
