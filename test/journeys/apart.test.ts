import { CreateBucketCommand, PutBucketAclCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SlackPosted } from '../../services/processes/demo/slack-server.ts'
import type { Gate, Passing } from '../support/gate.ts'
import { prod, startLine, type Line } from '../support/line.ts'
import { credentialsOf, needMoto } from '../support/moto.ts'
import { run, startPostgres } from '../support/postgres.ts'
import { anEnvelope, aRecord } from '../support/records.ts'
import type { Tripline } from '../support/tripline.ts'
import { until } from '../support/until.ts'

const title = 'the parts of the line in processes of their own, on one PostgreSQL'
const whole = process.env['TRIPLINE_JOURNEYS'] === 'whole'
/** The first of each kind is killed; beside it stands one that takes over. */
const size = whole
  ? { buckets: 60, roles: ['ingest', 'refresh', 'deliver', 'ingest', 'refresh', 'deliver', 'judge', 'scan', 'http', 'investigate'] }
  : { buckets: 9, roles: ['ingest', 'refresh', 'deliver', 'ingest,refresh,deliver,judge,scan,http'] }
/** Of leases and of visibility; on a machine that does other things too, more. */
const mostMs = whole ? 12_000 : 60_000
const postgres = await startPostgres(title)

describe.runIf(postgres !== null && needMoto(title))(title, { timeout: 300_000 }, () => {
  let line: Line
  let url: string
  let s3: S3Client
  let processes: readonly Tripline[]

  beforeAll(async () => {
    url = (await postgres?.database()) ?? ''
    line = await startLine({ databaseUrl: url, resourceTypes: ['AWS.S3.Bucket'] })
    const { endpoint } = line.moto
    s3 = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: await credentialsOf(endpoint, prod) })
    for (let index = 0; index < size.buckets; index += 1) await s3.send(new CreateBucketCommand({ Bucket: nameOf(index) }))
    processes = await Promise.all(size.roles.map((roles) => line.startOnly(roles)))
    await until('the first scan', async () => {
      const [row] = await run<{ done: string }>(
        url,
        `select count(*) as done from scans where kind = 'baseline' and status = 'done'`,
      )
      return row?.done === '2'
    })
  }, 240_000)
  afterAll(async () => {
    s3?.destroy()
    await line?.stop()
    await postgres?.stop()
  })

  const nameOf = (index: number): string => `apart-${String(index).padStart(3, '0')}`
  const told = (): ReadonlyMap<string, readonly SlackPosted[]> =>
    Map.groupBy(
      line.slack.messages('shop').filter((message) => /apart-\d+/u.test(JSON.stringify(message))),
      (message) => /apart-\d+/u.exec(JSON.stringify(message))?.[0] ?? '',
    )

  /** Makes a bucket public and tells of it, twice, as queues may. */
  async function publish(index: number): Promise<void> {
    const Bucket = nameOf(index)
    await s3.send(new PutBucketAclCommand({ Bucket, ACL: 'public-read' }))
    const request = { bucketName: Bucket }
    const userIdentity = {
      type: 'IAMUser',
      principalId: Bucket,
      arn: `arn:aws:iam::${prod}:user/${Bucket}`,
      accountId: prod,
      userName: Bucket,
    }
    const event = anEnvelope(
      aRecord({ account: prod, source: 's3.amazonaws.com', name: 'PutBucketAcl', request, extra: { userIdentity } }),
    )
    await Promise.all([line.send(event), line.send(event)])
  }

  test('each killed at its work, another takes over soon, and everything is told once', async () => {
    const killedAt = new Map<string, number>()
    const [ingest, refresh, deliver] = processes as readonly [Tripline, Tripline, Tripline]
    // The last of the line first: what comes before it still runs.
    const kills: readonly (readonly [dying: Tripline, gate: Gate, at: (passing: Passing) => boolean])[] = [
      [deliver, line.slackGate, ({ path }) => path.endsWith('chat.postMessage')],
      [refresh, line.awsGate, ({ path }) => path.includes('apart-')],
      [ingest, line.queueGate, ({ headers }) => String(headers['x-amz-target']).includes('DeleteMessage')],
    ]
    let index = 0
    for (const [dying, gate, at] of kills) {
      const other = processes[whole ? processes.indexOf(dying) + 3 : 3] as Tripline
      const held = gate.hold(at, 'after')
      // Of two it would be chance which is caught at its work.
      process.kill(other.pid, 'SIGSTOP')
      const end = index + size.buckets / 3
      for (let each = index; each < end; each += 1) await publish(each)
      await held
      await dying.kill()
      for (; index < end; index += 1) killedAt.set(nameOf(index), Date.now())
      process.kill(other.pid, 'SIGCONT')
    }
    await until('everything is told', () => told().size === size.buckets, 90_000)
    await line.drained()
    await until('an empty outbox', async () => {
      const [row] = await run<{ waiting: string }>(
        url,
        `select count(*) as waiting from deliveries where status in ('due', 'held')`,
      )
      return row?.waiting === '0'
    })
    const lates = [...told()].map(([bucket, [first]]) => (first?.at ?? 0) - (killedAt.get(bucket) ?? 0)).toSorted((a, b) => a - b)
    process.stdout.write(
      `${size.roles.length} processes, 3 killed: ${size.buckets} alerts, half within ${lates[Math.floor(lates.length / 2)]} ms of the death, the last ${lates.at(-1)} ms after it\n`,
    )
    expect([...told().values()].filter((messages) => new Set(messages.map(({ text }) => text)).size !== messages.length)).toEqual(
      [],
    )
    expect(lates.at(-1)).toBeLessThan(mostMs)
  })

  test('the others end by themselves when they are asked to', async () => {
    expect(await Promise.all(processes.slice(3).map((each) => each.end()))).toEqual(processes.slice(3).map(() => 0))
  })
})
