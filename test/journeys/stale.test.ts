import * as ec2 from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ResourceRef } from '#model'
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import { startInnerLine, type InnerLine } from '../support/inner-line.ts'
import { credentialsOf, needMoto, startMoto, type Moto } from '../support/moto.ts'
import { aRecord } from '../support/records.ts'
import { until } from '../support/until.ts'

// AWS answers with the old state for 0.5 to 30 s after a change. 250 accounts with a group each; every one is opened to the world, and
// then closed, at once: 500 changes.

const title = 'AWS that shows old states for up to half a minute'
const region = 'us-east-1'
const type = 'AWS.EC2.SecurityGroup'
const accounts = Array.from({ length: 40 }, (_, index) => String(300_000_000_000 + index))
/** Half a second to thirty seconds, the same at every run. */
const lagOf = (accountId: string): number => 500 + ((Number(accountId) * 7_919) % 250) * 118

describe.runIf(needMoto(title))(title, { timeout: 300_000 }, () => {
  let moto: Moto
  let proxy: FaultProxy
  let line: InnerLine
  const groups = new Map<string, { readonly client: ec2.EC2Client; readonly ref: ResourceRef; readonly groupId: string }>()

  beforeAll(async () => {
    moto = await startMoto({ images: false })
    proxy = await startFaultProxy(moto.endpoint)
    for (const accountId of accounts) {
      const credentials = await credentialsOf(proxy.worldEndpoint, accountId)
      const client = new ec2.EC2Client({ endpoint: proxy.worldEndpoint, region, credentials, maxAttempts: 1 })
      const { GroupId = '' } = await client.send(new ec2.CreateSecurityGroupCommand({ GroupName: 'web', Description: 'web' }))
      const id = `arn:aws:ec2:${region}:${accountId}:security-group/${GroupId}`
      groups.set(accountId, { client, groupId: GroupId, ref: { accountId, region, type, id } })
    }
    line = await startInnerLine({
      endpoint: proxy.endpoint,
      accounts: accounts.map((id) => ({ id, regions: [region] })),
      types: [type],
      folders: ['policies/aws/ec2'],
    })
    // What is known before anything changes.
    await line.store.marks.wish(
      [...groups.values()].map(({ ref }) => ({ ref, class: 'scan', expectation: null, scanId: null, delayMs: 0 })),
    )
    line.parts.bells.refresh.ring()
    await until('every group', () => line.facts.get('fetched changed') === accounts.length, 120_000)
    proxy.stale({ service: 'ec2' }, (write) => lagOf(write.accountId ?? ''))
  }, 240_000)
  afterAll(async () => {
    for (const { client } of groups.values()) client.destroy()
    await line[Symbol.asyncDispose]()
    await proxy.stop()
    await moto.stop()
  })

  /** Changes every group and tells it at once; the time at which each change becomes visible. */
  async function changeAll(name: 'Authorize' | 'Revoke'): Promise<ReadonlyMap<string, number>> {
    const visible = new Map<string, number>()
    const permission = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }
    for (const [accountId, { client, groupId }] of groups) {
      const input = { GroupId: groupId, IpPermissions: [permission] }
      await (name === 'Authorize'
        ? client.send(new ec2.AuthorizeSecurityGroupIngressCommand(input))
        : client.send(new ec2.RevokeSecurityGroupIngressCommand(input)))
      visible.set(accountId, Date.now() + lagOf(accountId))
      const items = [{ ipProtocol: 'tcp', fromPort: 22, toPort: 22, ipRanges: { items: [{ cidrIp: '0.0.0.0/0' }] } }]
      const request = { groupId, ipPermissions: { items } }
      await line.send(aRecord({ account: accountId, source: 'ec2.amazonaws.com', name: `${name}SecurityGroupIngress`, request }))
    }
    return visible
  }
  const quiet = async (): Promise<boolean> => (await line.store.marks.waiting()).every(({ count }) => count === 0)
  const p99 = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[Math.ceil(list.length * 0.99) - 1] ?? Number.NaN
  const readsOf = (accountId: string): number =>
    proxy.seen.filter((call) => call.accountId === accountId && call.operation === 'DescribeSecurityGroups').length

  test('an opened port is told once it can be seen, never from the old state, with few reads', async () => {
    const before = new Map(accounts.map((id) => [id, readsOf(id)]))
    const visible = await changeAll('Authorize')
    await until('quiet', quiet, 120_000)
    const delays: number[] = []
    for (const [accountId, { ref }] of groups) {
      const findings = await line.findingsOf(ref)
      expect(findings).toMatchObject([{ status: 'open', origin: 'change' }])
      delays.push((findings[0]?.openedAt.getTime() ?? Number.NaN) - (visible.get(accountId) ?? Number.NaN))
    }
    expect(Math.min(...delays)).toBeGreaterThan(-1_000)
    expect(p99(delays)).toBeLessThan(5_000)
    const reads = accounts.map((id) => readsOf(id) - (before.get(id) ?? 0))
    expect(Math.max(...reads)).toBeLessThanOrEqual(18)
  })

  test('a closed port is resolved once it can be seen, and no old state opens it again', async () => {
    const visible = await changeAll('Revoke')
    await until('quiet', quiet, 120_000)
    for (const [accountId, { ref }] of groups) {
      const findings = await line.findingsOf(ref)
      expect(findings).toMatchObject([{ status: 'resolved', epoch: 1 }])
      expect(findings[0]?.endedAt?.getTime()).toBeGreaterThan((visible.get(accountId) ?? 0) - 1_000)
    }
    expect([...line.facts.keys()].filter((name) => name.includes('unconfirmed'))).toEqual([])
  })
})
