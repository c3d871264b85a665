import { ConfigError } from '#runtime'
import { fastify, type FastifyInstance } from 'fastify'

/** What the operators' endpoints say. */
export interface Health {
  /** Null when ready, else what is missing in words. */
  notReady(): Promise<string | null>
  metrics(): Promise<string>
}

/** `/healthz` (the process lives), `/readyz` (it can work: database and sources), `/metrics` (Prometheus text). */
export function createHttp(health: Health): FastifyInstance {
  const app = fastify({ logger: false })
  app.get('/healthz', async () => ({ status: 'ok' }))
  app.get('/readyz', async (_request, reply) => {
    const missing = await health.notReady()
    if (missing === null) return { status: 'ready' }
    return reply.code(503).send({ status: 'not ready', missing })
  })
  app.get('/metrics', async (_request, reply) => reply.type('text/plain; version=0.0.4').send(await health.metrics()))
  return app
}

/** Listens; says in words why it cannot. */
export async function listen(app: FastifyInstance, where: { host: string; port: number }): Promise<string> {
  return app.listen(where).catch((error: unknown) => {
    throw portError(where, error)
  })
}

/** Why it cannot be listened there, in words. */
export function portError({ host, port }: { host: string; port: number }, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null
  const why = typeof code === 'string' ? portWords[code] : undefined
  if (why === undefined) return error
  return new ConfigError(
    'invalid',
    `http: given ${host}:${port}, ${why}; allowed: an address of this machine and a free port (keys http.host, http.port)`,
  )
}

const portWords: Readonly<Record<string, string>> = {
  EADDRINUSE: 'where another process listens already, perhaps another `run`',
  EADDRNOTAVAIL: 'which is no address of this machine',
  EACCES: 'which this user may not listen on',
  ENOTFOUND: 'which is no name that is known',
}
