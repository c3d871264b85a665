import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import { startFauxqs, type FauxqsServer } from 'fauxqs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openStore, type Store } from '#store'
import { uploadCommand } from '../../services/cli/upload-command.ts'
import { aFolder, aPolicy, aRule, type Folder } from '../detection/world.ts'
import { accountId, idOf, region, startGroups, type Groups } from '../support/groups-server.ts'
import { run, startPostgres } from '../support/postgres.ts'
import { aRecord } from '../support/records.ts'
import { until } from '../support/until.ts'

const title = 'bundles go live under load, with processes side by side and killed'
const root = fileURLToPath(new URL('../..', import.meta.url))
const whole = process.env['TRIPLINE_JOURNEYS'] === 'whole'
const size = whole ? { processes: 3, rounds: 6, everyMs: 150, groups: 60 } : { processes: 2, rounds: 1, everyMs: 250, groups: 12 }
const postgres = await startPostgres(title)

afterAll(async () => {
  await postgres?.stop()
})

/** What one judgement was made with: every bundle says its own letter in all that it finds. */
interface Verdict {
  readonly judged_by: number | null
  readonly outcomes: readonly { readonly detectionId: string; readonly violations?: readonly { readonly title: string }[] }[]
}

describe.skipIf(postgres === null)(title, () => {
  const letters = Array.from('ABCDEFGH')
  const sent = new Set<string>()
  const processes: Process[] = []
  let [groups, server, folder, url, file]: [Groups, FauxqsServer, string, string, string] = [null!, null!, '', '', '']
  const over = new AbortController()
  let watching: Promise<void> = Promise.resolve()
  let store: Store
  let sqs: SQSClient
  let queueUrl: string

  beforeAll(async () => {
    if (postgres === null) return
    groups = await startGroups()
    groups.count = size.groups
    server = await startFauxqs({ port: 0, logger: false })
    queueUrl = server.createQueue('events', { attributes: { VisibilityTimeout: '5' } }).queueUrl
    sqs = new SQSClient({ endpoint: server.address, region, credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' } })
    url = await postgres.database()
    vi.stubEnv('DATABASE_URL', url)
    store = await openStore({ url })
    folder = await mkdtemp(join(tmpdir(), 'tripline-bundles-'))
    file = join(folder, 'tripline.yaml')
    const config = {
      sources: [{ sqs: { queueUrl, region, endpoint: server.address, pollers: 2 } }],
      accounts: [{ id: accountId, name: 'shop', regions: [region] }],
      aws: { roleName: 'audit', externalId: 'x-1', endpoint: groups.endpoint },
      resourceTypes: ['AWS.EC2.SecurityGroup'],
      detections: ['bundle'],
      fallback: 'security',
      http: { host: '127.0.0.1', port: 0 },
    }
    await writeFile(file, JSON.stringify(config))
  })
  afterAll(async () => {
    over.abort()
    await watching
    for (const each of processes) each.child.kill('SIGKILL')
    vi.unstubAllEnvs()
    sqs?.destroy()
    await store?.[Symbol.asyncDispose]()
    await server?.stop()
    groups?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test(
    'no batch is judged by two bundles, nothing is lost or told twice, and each process switches within 5 s',
    async () => {
      const folders = await Promise.all(letters.slice(0, size.rounds + 1).map((letter, place) => aBundle(letter, place)))
      await upload(folders[0]?.path ?? '')
      for (let count = 0; count < size.processes; count += 1) processes.push(start())
      await until(
        'the first scan',
        async () => (await verdicts()).length === size.groups && (await store.scans.running()) === 0,
        60_000,
      )

      const seen = { verdicts: 0, mixed: 0 }
      watching = watch(seen, over.signal)
      const switchMs: number[] = []
      for (const [round, bundle] of folders.slice(1).entries()) {
        const enough = new AbortController()
        const sending = send(round, enough.signal)
        await killed(['upload', bundle.path], 300 + Math.random() * 2_500)
        await upload(bundle.path, `round ${round}`)
        // One is killed while it loads; another comes in its place.
        await wait(Math.random() * 1_500)
        const victim = processes.shift()
        victim?.child.kill('SIGKILL')
        processes.push(start())
        switchMs.push(...(await switched()))
        await killed(['rollback'], 200 + Math.random() * 1_500)
        await rollback(1)
        switchMs.push(...(await switched()))
        await rollback(round + 2)
        switchMs.push(...(await switched()))
        enough.abort()
        await sending
      }
      const last = folders.length
      const letter = letters[last - 1] ?? ''
      await until(`all of ${sent.size} events`, async () => (await counted()) >= sent.size * 2 || wait(500, false), 300_000)
      await until(
        'all verdicts of the last bundle',
        async () => (await verdicts()).every(({ outcomes }) => lettersOf(outcomes) === letter),
        60_000,
      )
      over.abort()
      await watching

      // Of each event each rule found one thing, once; and what one transaction wrote was found by one bundle.
      const found = await hits()
      const byLetter = new Map((await store.bundles.acts(1_000)).map(({ activation, number }) => [activation, letters[number - 1]]))
      const batches = Map.groupBy(found, (hit) => hit.transaction)
      const mixedBatches = [...batches.values()].filter((all) =>
        all.some((hit) => hit.title !== byLetter.get(hit.judged_by) || hit.judged_by !== all[0]?.judged_by),
      )
      const repeated = found.length - new Set(found.map(({ key, detection_id: id }) => `${id} ${key}`)).size
      const byEvent = Map.groupBy(found, ({ key }) => key)
      const lost = [...sent].filter((id) => byEvent.get(id)?.length !== 2)
      expect({ mixedBatches, repeated, lost, counted: found.filter(({ count, epoch }) => count !== 1 || epoch !== 1) }).toEqual({
        mixedBatches: [],
        repeated: 0,
        lost: [],
        counted: [],
      })
      expect(seen.mixed).toBe(0)
      expect(new Set(found.map((hit) => hit.title)).size).toBeGreaterThan(1)

      // What all bundles find stayed open all the time; what one alone finds was retired with it; nothing flapped.
      const tally = () =>
        run<{ detection_id: string; status: string; epoch: number; open: number }>(
          url,
          `select detection_id, status, max(epoch) as epoch, count(*)::integer as open from findings where kind = 'policy' group by 1, 2`,
        )
      // What a process opened in the seconds before its switch is retired some seconds after it.
      const findings = await until(
        'only what the last bundle finds',
        async () => {
          const all = await tally()
          const own = all.filter((each) => each.detection_id.startsWith('Own.') && each.status === 'open')
          return own.length === 1 ? all : wait(500, null)
        },
        60_000,
      )
      const of = (id: string, status: string) => findings.find((each) => each.detection_id === id && each.status === status)
      expect(of('Same', 'open')).toMatchObject({ epoch: 1, open: size.groups })
      expect(findings.filter((each) => each.detection_id === 'Same')).toHaveLength(1)
      expect(of(`Own.${letter}`, 'open')).toMatchObject({ open: size.groups })
      const activations = await store.bundles.acts(1_000)
      const failing = activations.filter(({ number }) => number % 2 === 0).length
      expect(Math.max(...findings.filter((each) => each.detection_id === 'Flip').map(({ epoch }) => epoch))).toBeLessThanOrEqual(
        failing,
      )
      // The first-day rule: no post for what no change caused.
      const posts = await run<{ kind: string }>(
        url,
        `select content->>'kind' as kind from alerts where content->'detection'->>'kind' = 'policy'`,
      )
      expect(posts).toEqual([])
      const median = switchMs.toSorted((a, b) => a - b)[Math.floor(switchMs.length / 2)]
      process.stderr.write(
        `bundles: ${sent.size} events in ${batches.size} transactions over ${activations.length} activations, ${seen.verdicts} verdicts seen; judged by two bundles 0, lost 0, repeated 0; ${switchMs.length} switches, the median ${median} ms, the slowest ${Math.max(...switchMs)} ms\n`,
      )
      // Beside other tests a process may wait long for a processor.
      expect(Math.max(...switchMs)).toBeLessThan(whole ? 5_000 : 20_000)
      for (const each of folders) await each[Symbol.asyncDispose]()
    },
    whole ? 900_000 : 180_000,
  )

  const type = 'AWS.EC2.SecurityGroup'
  function aBundle(letter: string, place: number): Promise<Folder> {
    const wording = `title: () => '${letter}',`
    const rule = (id: string): string =>
      aRule(id, 'return true', { names: ['AuthorizeSecurityGroupIngress'], slots: `${wording} dedup: (record) => record.eventID,` })
    const policy = (id: string, code: string): string => aPolicy(id, code, { slots: wording }).replace('AWS.S3.Bucket', type)
    return aFolder({
      'rules/one.ts': rule('One'),
      'rules/two.ts': rule('Two'),
      'policies/same.ts': policy('Same', 'return false'),
      'policies/flip.ts': policy('Flip', `return ${place % 2 === 0}`),
      'policies/own.ts': policy(`Own.${letter}`, 'return false'),
    })
  }

  interface Process {
    readonly child: ChildProcess
    readonly log: () => string
  }
  function spawned(given: readonly string[]): Process {
    const env = {
      PATH: process.env['PATH'],
      HOME: folder,
      AWS_ACCESS_KEY_ID: 'testing',
      AWS_SECRET_ACCESS_KEY: 'testing',
      DATABASE_URL: url,
    }
    const child = spawn(process.execPath, ['services/cli/main.ts', ...given, '--config', file], {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
    return { child, log: () => text }
  }
  const start = (): Process => spawned(['run', '--only', 'ingest,refresh,judge,scan'])
  /** In this process, which costs no start. */
  async function upload(path: string, message?: string): Promise<void> {
    const quiet = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    try {
      const options = {
        folder: path,
        config: file,
        force: false,
        dryRun: false,
        json: true,
        ...(message === undefined ? {} : { message }),
      }
      expect(await uploadCommand(options)).toBe(0)
    } finally {
      quiet.mockRestore()
    }
  }
  async function rollback(number: number): Promise<void> {
    const act = { by: 'a test', origin: null, message: null, forced: false }
    expect(await store.bundles.goBack(number, act)).toMatchObject({ number })
  }
  async function killed(given: readonly string[], afterMs: number): Promise<void> {
    const { child } = spawned(given)
    const exit = once(child, 'exit')
    await wait(afterMs)
    child.kill('SIGKILL')
    await exit
  }

  /** How long it took from the commit of what counts now until each process had done its first work with it, as its log says. */
  async function switched(): Promise<readonly number[]> {
    const [act] = await store.bundles.acts(1)
    if (act === undefined) throw new Error('nothing counts')
    const took = await Promise.all(
      processes.map((each) =>
        until(
          `bundle ${act.number} in ${each.child.pid}`,
          () => {
            const lines = each
              .log()
              .split('\n')
              .filter((text) => text.includes('"the first work is done') || text.includes('"tripline runs"'))
              .map((text) => JSON.parse(text) as { bundle: number; activation?: number; time: string })
            const [first] = lines
            if (first === undefined) return null
            const worked = lines.find(({ activation }) => activation === act.activation)
            // One that came in place of another began on it.
            const isLater = Date.parse(first.time) > act.at.getTime()
            if (worked !== undefined) return { ms: isLater ? null : Date.parse(worked.time) - act.at.getTime() }
            return isLater && lines.length === 1 && first.bundle === act.number ? { ms: null } : null
          },
          120_000,
        ).catch((error: unknown) => {
          throw new Error(`${String(error)}\n${each.log().slice(-3_000)}`)
        }),
      ),
    )
    return took.flatMap(({ ms }) => ms ?? [])
  }

  async function send(round: number, enough: AbortSignal): Promise<void> {
    for (let batch = 0; !enough.aborted; batch += 1) {
      const ids = Array.from({ length: 10 }, (_, index) => `${round}-${batch}-${index}`)
      const Entries = ids.map((id, index) => {
        const request = { groupId: idOf((batch * 10 + index) % size.groups) }
        const record = aRecord({
          account: accountId,
          source: 'ec2.amazonaws.com',
          name: 'AuthorizeSecurityGroupIngress',
          request,
          id,
        })
        return { Id: String(index), MessageBody: JSON.stringify(record) }
      })
      await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }))
      for (const id of ids) sent.add(id)
      await wait(size.everyMs)
    }
  }

  const hits = () =>
    run<{ detection_id: string; key: string; title: string; count: number; epoch: number; judged_by: number; transaction: string }>(
      url,
      `select detection_id, key, title, count::integer as count, epoch, judged_by::integer as judged_by, xmin::text as transaction from findings where kind = 'rule'`,
    )
  const counted = async (): Promise<number> =>
    (await run<{ count: number }>(url, `select count(*)::integer as count from findings where kind = 'rule'`))[0]?.count ?? 0
  const verdicts = () =>
    run<Verdict & Record<string, unknown>>(
      url,
      `select judged_by::integer as judged_by, verdict->'outcomes' as outcomes from resources where not gone`,
    )

  /** The letters that a verdict was said in; of a whole verdict of one bundle it is one. */
  function lettersOf(outcomes: Verdict['outcomes']): string {
    const said = outcomes.flatMap(({ detectionId, violations = [] }) => [
      ...violations.map((each) => each.title),
      ...(detectionId.startsWith('Own.') ? [detectionId.slice(4)] : []),
    ])
    return [...new Set(said)].toSorted().join('')
  }

  async function watch(seen: { verdicts: number; mixed: number }, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const all = await verdicts()
      const byLetter = new Map((await store.bundles.acts(1_000)).map(({ activation, number }) => [activation, letters[number - 1]]))
      seen.verdicts += all.length
      seen.mixed += all.filter(({ judged_by: by, outcomes }) => lettersOf(outcomes) !== byLetter.get(by ?? -1)).length
      await wait(200)
    }
  }
})
