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
