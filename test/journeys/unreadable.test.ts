import * as ec2 from '@aws-sdk/client-ec2'
import * as iam from '@aws-sdk/client-iam'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ResourceRef } from '#model'
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import { startInnerLine, type InnerLine } from '../support/inner-line.ts'
import { credentialsOf, needMoto, startMoto, type Moto } from '../support/moto.ts'
import { aRecord } from '../support/records.ts'
import { until } from '../support/until.ts'

// Resources that are deleted, deleted and made again, refused by a service control policy, in a region that is off, in an account whose role is gone.

const title = 'resources that cannot be seen, for five reasons'
/** 300 of each take minutes: `TRIPLINE_JOURNEYS=whole`. */
const count = process.env['TRIPLINE_JOURNEYS'] === 'whole' ? 300 : 40
const region = 'us-east-1'
const group = 'AWS.EC2.SecurityGroup'
const user = 'AWS.IAM.User'
const ids = { deleted: '310000000001', recreated: '310000000002', scp: '310000000003', off: '310000000004', role: '310000000005' }
const permission = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }

describe.runIf(needMoto(title))(title, { timeout: 300_000 }, () => {
  let moto: Moto
  let proxy: FaultProxy
  let line: InnerLine
  const groups = new Map<
    string,
    { readonly client: ec2.EC2Client; readonly list: readonly { groupId: string; ref: ResourceRef }[] }
  >()
  let iamClient: iam.IAMClient
  const users = Array.from({ length: count }, (_, index): ResourceRef => {
    const id = `arn:aws:iam::${ids.recreated}:user/staff/user-${index}`
    return { accountId: ids.recreated, region: 'global', type: user, id }
  })
  const nameOf = (ref: ResourceRef): string => ref.id.slice(ref.id.lastIndexOf('/') + 1)

  beforeAll(async () => {
    moto = await startMoto()
    proxy = await startFaultProxy(moto.endpoint)
    for (const accountId of [ids.deleted, ids.scp, ids.off, ids.role]) {
      const credentials = await credentialsOf(proxy.worldEndpoint, accountId)
      const client = new ec2.EC2Client({ endpoint: proxy.worldEndpoint, region, credentials })
      const list: { groupId: string; ref: ResourceRef }[] = []
      for (let index = 0; index < count; index += 1) {
        const { GroupId: groupId = '' } = await client.send(
          new ec2.CreateSecurityGroupCommand({ GroupName: `group-${index}`, Description: 'open' }),
        )
        // Half of them are open to the world.
        if (index % 2 === 0)
          await client.send(new ec2.AuthorizeSecurityGroupIngressCommand({ GroupId: groupId, IpPermissions: [permission] }))
        const id = `arn:aws:ec2:${region}:${accountId}:security-group/${groupId}`
        list.push({ groupId, ref: { accountId, region, type: group, id } })
      }
      groups.set(accountId, { client, list })
    }
    iamClient = new iam.IAMClient({
      endpoint: proxy.worldEndpoint,
      region,
      credentials: await credentialsOf(proxy.worldEndpoint, ids.recreated),
    })
    for (const ref of users) await iamClient.send(new iam.CreateUserCommand({ UserName: nameOf(ref), Path: '/staff/' }))
    line = await startInnerLine({
      endpoint: proxy.endpoint,
      accounts: Object.values(ids).map((id) => ({ id, regions: [region] })),
      types: [group, user],
      folders: ['policies/aws/ec2'],
    })
    const all = [...[...groups.values()].flatMap(({ list }) => list.map(({ ref }) => ref)), ...users]
    for (let from = 0; from < all.length; from += 100) {
      await line.store.marks.wish(
        all.slice(from, from + 100).map((ref) => ({ ref, class: 'scan' as const, expectation: null, scanId: null, delayMs: 0 })),
      )
    }
    line.parts.bells.refresh.ring()
    await until('every resource', () => line.facts.get('fetched changed') === all.length, 200_000)
  }, 280_000)
  afterAll(async () => {
    for (const { client } of groups.values()) client.destroy()
    iamClient.destroy()
    await line[Symbol.asyncDispose]()
    await proxy.stop()
    await moto.stop()
  })

  const listOf = (accountId: string) => groups.get(accountId)?.list ?? []
  const openOf = async (ref: ResourceRef) => (await line.findingsOf(ref)).filter(({ status }) => status === 'open')
  const told = (accountId: string, name: string, groupId: string): Promise<void> =>
    line.send(aRecord({ account: accountId, source: 'ec2.amazonaws.com', name, request: { groupId } }))

  test('deleted ones are gone and their findings end with them', async () => {
    const client = groups.get(ids.deleted)?.client
    for (const { groupId } of listOf(ids.deleted)) {
      await client?.send(new ec2.DeleteSecurityGroupCommand({ GroupId: groupId }))
      await told(ids.deleted, 'DeleteSecurityGroup', groupId)
    }
    await until('all gone', () => line.facts.get('fetched gone') === count, 60_000)
    for (const { ref } of listOf(ids.deleted)) {
      expect(await line.store.states.get(ref)).toMatchObject({ gone: true })
      expect(await openOf(ref)).toEqual([])
    }
  })

  test('those made again under their name are there, whatever comes first, though events leave out their path', async () => {
    for (const [index, ref] of users.entries()) {
      const UserName = nameOf(ref)
      await iamClient.send(new iam.DeleteUserCommand({ UserName }))
      await iamClient.send(new iam.CreateUserCommand({ UserName, Path: '/staff/' }))
      const at = (seconds: number): Date => new Date(Date.now() - 5_000 + seconds * 2_000)
      const record = (name: string, time: Date) =>
        aRecord({ account: ids.recreated, source: 'iam.amazonaws.com', name, request: { userName: UserName }, time })
      const both = [record('DeleteUser', at(0)), record('CreateUser', at(1))]
      for (const each of index % 2 === 0 ? both : both.toReversed()) await line.send(each)
    }
    await until('quiet', async () => (await line.store.marks.waiting()).every(({ count: left }) => left === 0), 120_000)
    for (const ref of users) expect(await line.store.states.get(ref)).toMatchObject({ gone: false, unread: null })
    expect(line.facts.get('fetched gone')).toBe(count)
  })

  test.each([
    ['scp', 'scp-denied', () => proxy.inject({ service: 'ec2', accountId: ids.scp }, { kind: 'denied', by: 'scp' })],
    ['off', 'region-off', () => proxy.inject({ service: 'ec2', accountId: ids.off }, { kind: 'region-off' })],
    ['role', 'role-missing', () => proxy.inject({ operation: 'AssumeRole', accountId: ids.role }, { kind: 'denied' })],
  ] as const)('%s: each is unread as %s, nothing is resolved, and the operators are told once', async (kind, cause, begin) => {
    const accountId = ids[kind]
    begin()
    // The role was there a moment ago: its session must be used up.
    if (kind === 'role') proxy.inject({ service: 'ec2', accountId }, { kind: 'expired' })
    for (const { groupId } of listOf(accountId)) await told(accountId, 'RevokeSecurityGroupIngress', groupId)
    const unread = async (): Promise<boolean> => {
      const states = await Promise.all(listOf(accountId).map(({ ref }) => line.store.states.get(ref)))
      return states.every((state) => state?.unread !== null)
    }
    await until('all unread', unread, 120_000)
    for (const [index, { ref }] of listOf(accountId).entries()) {
      expect((await line.store.states.get(ref))?.unread?.cause).toBe(cause)
      expect(await openOf(ref)).toHaveLength(index % 2 === 0 ? 1 : 0)
    }
    const notes = (await line.told()).filter((content) => content.kind === 'note' && content.title.includes(accountId))
    // An hour may end within the test.
    expect(notes.length).toBeGreaterThanOrEqual(1)
    expect(notes.length).toBeLessThanOrEqual(2)
  })
})
