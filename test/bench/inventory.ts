import { cpus } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { openStore } from '#store'
import type { Figure } from '../../services/cli/bench-command.ts'
import { accountId, arnOf, idOf, region, startGroups, type Groups } from '../support/groups-server.ts'
import { startInnerLine, type InnerLine } from '../support/inner-line.ts'
import { startPostgres, type Postgres } from '../support/postgres.ts'
import { aRecord } from '../support/records.ts'
import { until } from '../support/until.ts'

const type = 'AWS.EC2.SecurityGroup'
const rounds = 10
const changes = 50
const marks = 1_000_000
const events = 300

/**
 * A first scan of 1,000 and of 100,000 security groups on PostgreSQL, over an AWS that answers at once: resources a second and memory;
 * then what 300 changed resources cost in each; and an event's way to its finding with a million scan marks waiting and with none.
 */
export async function bench(): Promise<{ name: string; figures: Figure[] }> {
  const postgres = await startPostgres('bench inventory')
  if (postgres === null) throw new Error('PostgreSQL is needed')
  const aws = await startGroups()
  try {
    const small = await scanned(postgres, aws, 1_000)
    const large = await scanned(postgres, aws, 100_000)
    const [smallMs = Number.NaN, largeMs = Number.NaN] = await changed(aws, small, large)
    for (const { line, store } of [small, large]) {
      await line[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
    }
    aws.close()
    const [none, many] = [await eventsAmong(postgres, aws, 0), await eventsAmong(postgres, aws, marks)]
    const of = `${cpus().length} cores`
    const rate = ({ resources, ms }: Scanned): string => `${Math.round((resources * 1_000) / ms)} resources/s`
    return {
      name: 'inventory',
      figures: [
        {
          name: `first scan, 100,000: ${rate(large)}`,
          value: large.resources / large.ms / (small.resources / small.ms),
          unit: 'times',
          of: `that of 1,000: ${rate(small)}; ${of}`,
        },
        {
          name: `peak memory of 100,000: ${large.peakMb} MB`,
          value: large.peakMb / small.peakMb,
          unit: 'times',
          of: `that of 1,000: ${small.peakMb} MB`,
          aim: 'about 1: memory does not grow with the account',
        },
        {
          name: `a changed resource among 100,000: ${largeMs.toFixed(1)} ms`,
          value: largeMs / smallMs,
          unit: 'times',
          of: `one among 1,000: ${smallMs.toFixed(1)} ms`,
          aim: '1.2 or less',
        },
        {
          name: `an event's p99 with 1,000,000 scan marks waiting: ${many.p99} ms, p50 ${many.p50} ms`,
          value: many.p99 / none.p99,
          unit: 'times',
          of: `that with none: ${none.p99} ms, p50 ${none.p50} ms`,
          aim: '1.2 or less',
        },
      ],
    }
  } finally {
    aws.stop()
    await postgres.stop()
  }
}

interface Scanned {
  readonly resources: number
  readonly ms: number
  readonly peakMb: number
  readonly line: InnerLine
  readonly store: InnerLine['store']
}

async function scanned(postgres: Postgres, aws: Groups, resources: number): Promise<Scanned> {
  aws.count = resources
  const store = await openStore({ url: await postgres.database() })
  globalThis.gc?.()
  let peak = 0
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 200)
  const startedAt = performance.now()
  const line = await open(aws, store, ['refresh', 'scan'])
  await until('the scan', async () => (await store.scans.running()) === 0, 3_600_000)
  const ms = performance.now() - startedAt
  clearInterval(watch)
  return { resources, ms, peakMb: Math.round(peak / 1024 / 1024), line, store }
}

/** What a changed resource costs in each of two inventories, in ms. They take turns, so that the machine's other work falls on both. */
async function changed(aws: Groups, ...inventories: readonly Scanned[]): Promise<readonly number[]> {
  const spent = inventories.map(() => 0)
  let next = 0
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { line }] of inventories.entries()) {
      const wanted = (line.facts.get('fetched changed') ?? 0) + changes
      const startedAt = performance.now()
      for (const end = next + changes; next < end; next += 1) {
        aws.open(next)
        await line.send(authorized(next))
      }
      await until('every change', () => (line.facts.get('fetched changed') ?? 0) >= wanted, 600_000)
      spent[index] = (spent[index] ?? 0) + performance.now() - startedAt
    }
  }
  return spent.map((ms) => ms / rounds / changes)
}

async function eventsAmong(postgres: Postgres, aws: Groups, waiting: number): Promise<{ p50: number; p99: number }> {
  aws.count = events
  const store = await openStore({ url: await postgres.database() })
  const refOf = (index: number) => ({ accountId, region, type, id: arnOf(index) })
  for (let from = 0; from < waiting; from += 5_000) {
    const indices = Array.from({ length: 5_000 }, (_, index) => 1_000_000 + from + index)
    await store.marks.wish(
      indices.map((index) => ({ ref: refOf(index), class: 'scan' as const, expectation: null, scanId: null, delayMs: 0 })),
    )
  }
  const line = await open(aws, store, ['refresh'])
  const sentAt: number[] = []
  for (let index = 0; index < events; index += 1) {
    aws.open(index)
    sentAt.push(Date.now())
    await line.send(authorized(index))
    await wait(25)
  }
  const took: number[] = []
  for (let index = 0; index < events; index += 1) {
    const found = await until('a finding', async () => (await line.findingsOf(refOf(index)))[0] ?? null, 60_000)
    took.push(found.openedAt.getTime() - (sentAt[index] ?? Number.NaN))
  }
  await line[Symbol.asyncDispose]()
  await store[Symbol.asyncDispose]()
  aws.close()
  const sorted = took.toSorted((a, b) => a - b)
  return { p50: sorted[Math.floor(events / 2)] ?? Number.NaN, p99: sorted[Math.floor(events * 0.99)] ?? Number.NaN }
}

function open(aws: Groups, store: InnerLine['store'], workers: readonly ('refresh' | 'scan')[]): Promise<InnerLine> {
  const accounts = [{ id: accountId, regions: [region] }]
  return startInnerLine({ endpoint: aws.endpoint, accounts, types: [type], folders: ['policies/aws/ec2'], workers, store })
}

function authorized(index: number): Record<string, unknown> {
  const request = { groupId: idOf(index) }
  return aRecord({ account: accountId, source: 'ec2.amazonaws.com', name: 'AuthorizeSecurityGroupIngress', request })
}
