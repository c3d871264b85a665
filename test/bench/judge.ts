import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createSessions } from '#aws'
import { createEvaluator } from '#detection'
import { createInventory } from '#inventory'
import type { JsonObject, Resource } from '#model'
import { openStore } from '#store'
import type { Figure } from '../../services/cli/bench-command.ts'
import { run, startPostgres } from '../support/postgres.ts'
import { startInnerLine } from '../support/inner-line.ts'

const count = 100_000
const accountId = '111111111111'
const region = 'us-east-1'
const type = 'AWS.EC2.SecurityGroup'
const shape = createInventory({ sessions: createSessions({ roleName: 'audit', externalId: 'x-1' }) }).shape(type)

const policy = (number: number): string => `import { definePolicy } from 'tripline'
export default definePolicy({
  id: 'Bench.Policy.${number}', severity: 'LOW', description: 'One group in a thousand fails.', resourceTypes: ['AWS.EC2.SecurityGroup'],
  evaluate: (group) => !String(group.Name).endsWith('${number}99'),
})
`

/**
 * A new policy over 100,000 stored resources: from the start of the judge to the last verdict in PostgreSQL, as a ratio of reading the
 * same states from the same database and parsing them, in one run.
 */
export async function bench(): Promise<{ name: string; figures: Figure[] }> {
  const postgres = await startPostgres('bench judge')
  if (postgres === null) throw new Error('PostgreSQL is needed')
  const folder = await mkdtemp(join(tmpdir(), 'tripline-judge-'))
  try {
    await writeFile(join(folder, 'old.ts'), policy(1))
    const url = await postgres.database()
    const store = await openStore({ url })
    const before = await createEvaluator({ folders: [folder], trust: { accounts: [accountId], regions: null, times: 'any' } })
    await fill(store, before.fingerprint(type))
    await before[Symbol.asyncDispose]()

    const parseMs = await parsed(url)
    await writeFile(join(folder, 'new.ts'), policy(2))
    const startedAt = performance.now()
    const line = await startInnerLine({
      endpoint: 'http://127.0.0.1:9',
      accounts: [{ id: accountId, regions: [region] }],
      types: [type],
      folders: [folder],
      workers: ['judge'],
      store,
    })
    const fingerprint = line.parts.evaluator.fingerprint(type)
    while ((await left(url, fingerprint)) > 0) await wait(200)
    const judgeMs = performance.now() - startedAt
    await line[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
    const each = (ms: number): string => `${Math.round((count * 1_000) / ms)}/s`
    return {
      name: 'judge',
      figures: [
        {
          name: `a new policy over ${count} states: ${Math.round(judgeMs)} ms, ${each(judgeMs)}`,
          value: judgeMs / parseMs,
          unit: 'times',
          of: `reading and parsing them: ${Math.round(parseMs)} ms, ${each(parseMs)}; ${cpus().length} cores`,
        },
      ],
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
    await postgres.stop()
  }
}

type Store = Awaited<ReturnType<typeof openStore>>

async function fill(store: Store, evaluatedWith: string): Promise<void> {
  const evaluateAt = new Date(Date.now() + 86_400_000)
  for (let from = 0; from < count; from += 500) {
    await store.transaction(async (records) => {
      for (let index = from; index < from + 500; index += 1) {
        const resource = aGroup(index)
        const judged = { verdict: { number: resource.number, outcomes: [] }, evaluatedWith, evaluateAt, lookedUp: [] }
        await records.states.put(resource, judged, { confirmed: true, bornAt: null, eventId: resource.id, changed: false })
      }
    })
  }
}

/** Reads all attributes in pages, which the driver parses. */
async function parsed(url: string): Promise<number> {
  const startedAt = performance.now()
  let last = ''
  for (let read = 0; read < count;) {
    const page = await run<{ id: string; attributes: JsonObject }>(
      url,
      `select id, attributes from resources where account_id = '${accountId}' and region = '${region}' and type = '${type}' and id > '${last}' order by id limit 1000`,
    )
    read += page.length
    last = page.at(-1)?.id ?? ''
    if (page.length === 0) throw new Error(`expected ${count} states, got ${read}`)
  }
  return performance.now() - startedAt
}

async function left(url: string, fingerprint: string): Promise<number> {
  const [row] = await run<{ left: string }>(url, `select count(*) as left from resources where evaluated_with <> '${fingerprint}'`)
  return Number(row?.left)
}

function aGroup(index: number): Resource {
  const id = `sg-${index.toString(16).padStart(17, '0')}`
  const arn = `arn:aws:ec2:${region}:${accountId}:security-group/${id}`
  const attributes: JsonObject = {
    AccountId: accountId,
    Region: region,
    ResourceId: arn,
    ResourceType: 'AWS.EC2.SecurityGroup',
    Tags: { team: 'payments', stage: 'prod' },
    TimeCreated: null,
    Arn: arn,
    Id: id,
    Name: `group-${index}`,
    Description: 'a group of the benchmark',
    IpPermissions: [permission('10.0.0.0/8', 443), permission('192.168.0.0/16', 8080)],
    IpPermissionsEgress: [permission('0.0.0.0/0', 443)],
    OwnerId: accountId,
    VpcId: 'vpc-0123456789abcdef0',
  }
  const ref = { accountId, region, type, id: arn }
  return { ...ref, number: index + 1, shape, attributes, fetchedAt: new Date() }
}

function permission(CidrIp: string, port: number): JsonObject {
  return {
    FromPort: port,
    IpProtocol: 'tcp',
    IpRanges: [{ CidrIp, Description: null }],
    Ipv6Ranges: null,
    PrefixListIds: null,
    ToPort: port,
    UserIdGroupPairs: null,
  }
}
