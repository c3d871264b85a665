import { setTimeout as wait } from 'node:timers/promises'
import * as ec2 from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ResourceRef } from '#model'
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import { startInnerLine, type InnerLine } from '../support/inner-line.ts'
import { credentialsOf, needMoto, startMoto, type Moto } from '../support/moto.ts'
import { aRecord } from '../support/records.ts'
import { until } from '../support/until.ts'

// Hundreds of changes at once in an account whose bucket is 100 calls, refilled at 20 a second, while another account goes on as ever.

const title = 'a storm in an account that AWS throttles'
const whole = process.env['TRIPLINE_JOURNEYS'] === 'whole'
/** 2,000 take two minutes: `TRIPLINE_JOURNEYS=whole`. */
const count = whole ? 2_000 : 500
const others = 30
const region = 'us-east-1'
const type = 'AWS.EC2.SecurityGroup'
const [stormy, calm] = ['320000000001', '320000000002'] as const
const permission = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }

/** Of the calls after the first ten seconds: of few, some more may be by chance. */
const most = whole ? 0.02 : 0.05

describe.runIf(needMoto(title))(title, { timeout: 420_000 }, () => {
  let moto: Moto
  let proxy: FaultProxy
  let line: InnerLine
  const groups: {
    readonly accountId: string
    readonly client: ec2.EC2Client
    readonly groupId: string
    readonly ref: ResourceRef
  }[] = []

  beforeAll(async () => {
    moto = await startMoto()
    proxy = await startFaultProxy(moto.endpoint)
    for (const [accountId, size] of [
      [stormy, count],
      [calm, others],
    ] as const) {
      const credentials = await credentialsOf(proxy.worldEndpoint, accountId)
      const client = new ec2.EC2Client({ endpoint: proxy.worldEndpoint, region, credentials })
      for (let index = 0; index < size; index += 1) {
        const { GroupId: groupId = '' } = await client.send(
          new ec2.CreateSecurityGroupCommand({ GroupName: `group-${index}`, Description: 'web' }),
        )
        const id = `arn:aws:ec2:${region}:${accountId}:security-group/${groupId}`
        groups.push({ accountId, client, groupId, ref: { accountId, region, type, id } })
      }
    }
    line = await startInnerLine({
      endpoint: proxy.endpoint,
      accounts: [stormy, calm].map((id) => ({ id, regions: [region] })),
      types: [type],
      folders: ['policies/aws/ec2'],
    })
    // Both are known, and their sessions open.
    for (const accountId of [stormy, calm]) {
      const first = groups.find((each) => each.accountId === accountId)
      if (first !== undefined) await line.parts.inventory.fetch(first.ref, new AbortController().signal)
    }
  }, 200_000)
  afterAll(async () => {
    for (const { client } of groups) client.destroy()
    await line[Symbol.asyncDispose]()
    await proxy.stop()
    await moto.stop()
  })

  /** Opens a group and tells it; when that was taken in. Hundreds of messages one by one are no matter of fairness. */
  async function opens({ accountId, client, groupId }: (typeof groups)[number]): Promise<number> {
    await client.send(new ec2.AuthorizeSecurityGroupIngressCommand({ GroupId: groupId, IpPermissions: [permission] }))
    const items = [{ ipProtocol: 'tcp', fromPort: 22, toPort: 22, ipRanges: { items: [{ cidrIp: '0.0.0.0/0' }] } }]
    const request = { groupId, ipPermissions: { items } }
    await line.send(aRecord({ account: accountId, source: 'ec2.amazonaws.com', name: 'AuthorizeSecurityGroupIngress', request }))
    return Date.now()
  }

  test('loses nothing, learns its pace, and leaves the other account its second', async () => {
    const counts = proxy.bucket({ burst: 100, perSecond: 20 })
    // The first ten seconds are for learning.
    const learned = wait(10_000).then(() => ({ ...counts }))
    const took: number[] = []
    const storm = groups.filter(({ accountId }) => accountId === stormy)
    await Promise.all([
      ...storm.map((each) => opens(each)),
      (async () => {
        for (const each of groups.filter(({ accountId }) => accountId === calm)) {
          const sentAt = await opens(each)
          const found = await until(
            'a finding in the calm account',
            async () => (await line.findingsOf(each.ref))[0] ?? null,
            30_000,
          )
          took.push(found.openedAt.getTime() - sentAt)
        }
      })(),
    ])
    const open = (): Promise<number> => line.store.findings.count({ statuses: ['open'], accountId: stormy })
    await until('every finding of the storm', async () => (await open()) === count, 60_000 + count * 100)
    expect(took.toSorted((a, b) => a - b).at(-1)).toBeLessThan(whole ? 3_000 : 15_000)
    const then = await learned
    const later = { passed: counts.passed - then.passed, throttled: counts.throttled - then.throttled }
    expect(later.passed).toBeGreaterThan(100)
    expect(later.throttled / (later.passed + later.throttled)).toBeLessThanOrEqual(most)
  })
})
