import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import kafkajs, { type Admin, type Kafka } from 'kafkajs'
import { until } from './until.ts'

const version = '4.1.0'
const cache = join(import.meta.dirname, '../../node_modules/.cache')
const jars = join(cache, `kafka-${version}`)

/** A real Apache Kafka: one broker that is its own controller, of a test file's own, or the cluster at `KAFKA_BROKERS`. */
export interface Broker {
  readonly brokers: readonly string[]
  /** Where logins are asked for, with TLS and without; null at `KAFKA_BROKERS`. The user is `alice`. */
  readonly logins: { readonly scram: string; readonly tls: string; readonly ca: string; readonly password: string } | null
  readonly admin: Admin
  readonly client: Kafka
  /** Kills it with all its connections and starts it again over the same data. Not at `KAFKA_BROKERS`. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Why a broker cannot run here, or null. Fetches it from Maven Central once: 46 jars, 43 MB. */
function missing(): string | null {
  if (process.env['KAFKA_BROKERS'] !== undefined || existsSync(jars)) return hasJava()
  const java = hasJava()
  if (java !== null) return java
  process.stderr.write(`fetching Apache Kafka ${version} into ${jars} (once)\n`)
  const draft = `${jars}.${process.pid}`
  mkdirSync(draft, { recursive: true })
  writeFileSync(join(draft, 'pom.xml'), pom)
  const given = ['-q', '-B', '-f', join(draft, 'pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${draft}`]
  const done = spawnSync('mvn', [...given, '-DincludeScope=runtime'], { encoding: 'utf8' })
  if (done.status !== 0) {
    rmSync(draft, { recursive: true, force: true })
    return `mvn did not fetch it: ${done.error?.message ?? done.stdout.slice(-500)}`
  }
  try {
    renameSync(draft, jars)
  } catch {
    // Another test file was quicker.
    rmSync(draft, { recursive: true, force: true })
  }
  return null
}

function hasJava(): string | null {
  if (process.env['KAFKA_BROKERS'] !== undefined) return null
  return spawnSync('java', ['-version']).status === 0 ? null : 'java is not on the PATH; Kafka needs 17 or newer'
}

/** For `describe.runIf`. Where Kafka cannot run, a laptop skips, by name and loudly; CI fails. */
export function needKafka(name: string): boolean {
  const why = missing()
  if (why === null) return true
  if (process.env['CI'] === 'true') throw new Error(`CI must run ${name}, but Kafka cannot start: ${why}`)
  process.stderr.write(`\nSKIPPED: ${name} did not run, because Kafka cannot start: ${why}\n\n`)
  return false
}

/** Waits until every partition of a new topic answers: before, kafkajs's producer may send twice what it sends. */
export function untilThere(admin: Admin, topic: string): Promise<true> {
  return until(`the partitions of ${topic}`, () =>
    admin.fetchTopicOffsets(topic).then(
      () => true as const,
      () => false as const,
    ),
  )
}

export async function startKafka(): Promise<Broker> {
  const given = process.env['KAFKA_BROKERS']
  if (given !== undefined) return reach(given.split(','), null, { restart: () => Promise.resolve(), stop: () => Promise.resolve() })
  const why = missing()
  if (why !== null) throw new Error(`Kafka cannot start: ${why}`)
  const folder = await mkdtemp(join(tmpdir(), 'tripline-kafka-'))
  const [plain = 0, controller = 0, scram = 0, tls = 0] = await freePorts(4)
  const password = 'correct horse'
  const store = join(folder, 'keys.p12')
  const ca = join(folder, 'ca.pem')
  const keys = ['-storetype', 'PKCS12', '-keystore', store, '-storepass', 'changeit', '-alias', 'broker']
  const names = ['-dname', 'CN=127.0.0.1', '-ext', 'SAN=ip:127.0.0.1']
  run('keytool', ['-genkeypair', '-keyalg', 'EC', '-groupname', 'secp256r1', '-validity', '2', ...names, ...keys])
  run('keytool', ['-exportcert', '-rfc', '-file', ca, ...keys])
  const file = join(folder, 'server.properties')
  await writeFile(file, properties({ folder, plain, controller, scram, tls, store, password }))
  const java = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', ...logging, '-cp', join(jars, '*')]
  const users = ['256', '512'].flatMap((bits) => ['-S', `SCRAM-SHA-${bits}=[name=alice,password=${password}]`])
  run('java', [...java, 'kafka.tools.StorageTool', 'format', '-t', 'dHJpcGxpbmUtdGVzdHMtMQ', '-c', file, ...users])
  // The shell ends the broker when our end of its stdin closes, so that a killed test run leaves nothing behind.
  const shell = 'java "$@" </dev/null & broker=$!; read -r _; kill -9 $broker; wait $broker 2>/dev/null'
  const launch = async (): Promise<() => Promise<void>> => {
    const child = spawn('sh', ['-c', shell, 'sh', ...java, 'kafka.Kafka', file], { stdio: ['pipe', 'ignore', 'pipe'] })
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    await new Promise<void>((resolve, reject) => {
      let text = ''
      const timer = setTimeout(() => reject(new Error(`Kafka did not start within 60 s: ${text.slice(-2_000)}`)), 60_000)
      child.stderr.on('data', (chunk: Buffer) => {
        text = `${text}${chunk.toString()}`.slice(-5_000)
        if (!text.includes('Kafka Server started')) return
        clearTimeout(timer)
        resolve()
      })
    })
    return async () => {
      child.stdin.end('\n')
      await ended
    }
  }
  let kill = await launch()
  const logins = { scram: `127.0.0.1:${scram}`, tls: `127.0.0.1:${tls}`, ca: await readFile(ca, 'utf8'), password }
  return reach([`127.0.0.1:${plain}`], logins, {
    async restart() {
      await kill()
      kill = await launch()
    },
    async stop() {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  })
}

async function reach(brokers: readonly string[], logins: Broker['logins'], own: Pick<Broker, 'restart' | 'stop'>): Promise<Broker> {
  const client = new kafkajs.Kafka({ clientId: 'tests', brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING })
  const admin = client.admin()
  await admin.connect()
  // The first group waits for what keeps the offsets; tests need not.
  await until('the coordinator of groups', () =>
    admin.fetchOffsets({ groupId: 'tests' }).then(
      () => true,
      () => false,
    ),
  )
  return {
    brokers,
    logins,
    admin,
    client,
    restart: own.restart,
    async stop() {
      await admin.disconnect()
      await own.stop()
    },
  }
}

const logging = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=error', '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info']

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tests</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`

interface Places {
  readonly folder: string
  readonly plain: number
  readonly controller: number
  readonly scram: number
  readonly tls: number
  readonly store: string
  readonly password: string
}

function properties({ folder, plain, controller, scram, tls, store, password }: Places): string {
  const listeners = `PLAINTEXT://127.0.0.1:${plain},SCRAM://127.0.0.1:${scram},TLS://127.0.0.1:${tls}`
  const security = 'org.apache.kafka.common.security'
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
listeners=${listeners},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=${listeners}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SCRAM:SASL_PLAINTEXT,TLS:SASL_SSL
inter.broker.listener.name=PLAINTEXT
listener.name.scram.sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512
listener.name.scram.scram-sha-256.sasl.jaas.config=${security}.scram.ScramLoginModule required;
listener.name.scram.scram-sha-512.sasl.jaas.config=${security}.scram.ScramLoginModule required;
listener.name.tls.sasl.enabled.mechanisms=PLAIN
listener.name.tls.plain.sasl.jaas.config=${security}.plain.PlainLoginModule required user_alice="${password}";
ssl.keystore.location=${store}
ssl.keystore.password=changeit
ssl.keystore.type=PKCS12
log.dirs=${join(folder, 'data')}
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
`
}

function run(command: string, given: readonly string[]): void {
  const done = spawnSync(command, given, { encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`${command} failed: ${done.stdout.slice(-500)} ${done.stderr.slice(-1_000)}`)
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))),
    ),
  )
  for (const server of servers) server.close()
  return ports
}
