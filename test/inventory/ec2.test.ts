import * as ec2 from '@aws-sdk/client-ec2'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { isSeen, type JsonObject } from '#model'
import { needMoto } from '../support/moto.ts'
import { touched } from '../support/touched.ts'
import { documentedActions, neededActions } from './access.ts'
import { deviations, gaps, shapes } from './conforms.ts'
import { readExample } from './examples.ts'
import { one, openStand, two, type Stand } from './stand.ts'

const types = Object.keys(shapes).filter((type) => type.startsWith('AWS.EC2.'))
/** Types of which AWS tells no time. */
const timeless = new Set(['InternetGateway', 'NetworkACL', 'RouteTable', 'SecurityGroup', 'VPC'].map((name) => `AWS.EC2.${name}`))

describe('the examples of EC2', () => {
  test.each(types)('%s has every field', (type) => {
    const example = readExample(type)
    expect(deviations(shapes[type], example)).toEqual([])
    expect(gaps(example)).toEqual(timeless.has(type) ? ['TimeCreated'] : [])
  })
})

const region = 'eu-west-1'
const arn = (kind: string, id: string | undefined, account: string = one): string =>
  `arn:aws:ec2:${region}:${account}:${kind}/${id}`
const denied = { kind: 'error', code: 'UnauthorizedOperation', status: 403 } as const
/** AWS's own word; moto's is that for a route table. */
const awsWordForNoAcl = { kind: 'error', code: 'InvalidNetworkAclID.NotFound', status: 400 } as const
/** Of other owners; see `moto-images.json`. */
const amazonImage = 'ami-12c6146b'
const unusedImage = 'ami-1ecc1e67'

describe.runIf(needMoto('EC2 against moto'))('EC2 against moto', { timeout: 60_000 }, () => {
  let stand: Stand
  let client: ec2.EC2Client
  let other: ec2.EC2Client

  beforeAll(async () => {
    stand = await openStand()
    client = new ec2.EC2Client(await stand.options(one))
    other = new ec2.EC2Client(await stand.options(two))
    // A service is imported on its first call, by us and by moto, and moto may take longer than a fetch may.
    await client.send(new ec2.DescribeVpcsCommand({}))
    await stand.list('AWS.EC2.VPC')
  }, 120_000)
  afterEach(() => stand.proxy.clear())
  afterAll(() => stand[Symbol.asyncDispose]())

  const tag = (id: string): Promise<unknown> =>
    client.send(new ec2.CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'team', Value: 'web' }] }))
  async function instance(of = client, ImageId = amazonImage): Promise<string> {
    const { Instances } = await of.send(
      new ec2.RunInstancesCommand({ ImageId, MinCount: 1, MaxCount: 1, InstanceType: 't3.micro' }),
    )
    return Instances?.[0]?.InstanceId ?? ''
  }
  async function volume(of = client): Promise<string> {
    const command = new ec2.CreateVolumeCommand({ Size: 8, AvailabilityZone: 'eu-west-1a', Encrypted: true, VolumeType: 'gp3' })
    return (await of.send(command)).VolumeId ?? ''
  }
  async function snapshot(VolumeId: string, of = client): Promise<string> {
    return (await of.send(new ec2.CreateSnapshotCommand({ VolumeId, Description: 'nightly' }))).SnapshotId ?? ''
  }
  async function vpc(of = client): Promise<string> {
    return (await of.send(new ec2.CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }))).Vpc?.VpcId ?? ''
  }
  async function subnet(VpcId: string): Promise<string> {
    const { Subnet } = await client.send(new ec2.CreateSubnetCommand({ VpcId, CidrBlock: '10.9.1.0/24' }))
    return Subnet?.SubnetId ?? ''
  }
  async function internetGateway(of = client): Promise<string> {
    return (await of.send(new ec2.CreateInternetGatewayCommand({}))).InternetGateway?.InternetGatewayId ?? ''
  }
  async function image(of = client): Promise<string> {
    const command = new ec2.CreateImageCommand({ InstanceId: await instance(of), Name: 'golden', Description: 'ours' })
    return (await of.send(command)).ImageId ?? ''
  }
  async function group(GroupName: string): Promise<string> {
    return (await client.send(new ec2.CreateSecurityGroupCommand({ GroupName, Description: 'a test' }))).GroupId ?? ''
  }
  const share = (SnapshotId: string, OperationType: 'add' | 'remove', UserIds: string[], GroupNames?: string[]): Promise<unknown> =>
    client.send(
      new ec2.ModifySnapshotAttributeCommand({
        SnapshotId,
        Attribute: 'createVolumePermission',
        OperationType,
        UserIds,
        ...(GroupNames === undefined ? {} : { GroupNames }),
      }),
    )

  describe('AWS.EC2.Instance', () => {
    const type = 'AWS.EC2.Instance'

    test('shows its network, its metadata service, and what is tagged and changed', async () => {
      const id = await instance()
      await tag(id)
      const before = await stand.attributes(type, arn('instance', id))
      expect(before).toMatchObject({
        Id: id,
        InstanceId: id,
        ImageId: amazonImage,
        InstanceType: 't3.micro',
        State: { Name: 'running' },
        Tags: { team: 'web' },
        TimeCreated: before['LaunchTime'],
        NetworkInterfaces: [{ SubnetId: before['SubnetId'], VpcId: before['VpcId'] }],
      })
      const command = new ec2.ModifyInstanceMetadataOptionsCommand({
        InstanceId: id,
        HttpTokens: 'required',
        HttpEndpoint: 'enabled',
      })
      await client.send(command)
      await client.send(new ec2.StopInstancesCommand({ InstanceIds: [id] }))
      expect(await stand.attributes(type, arn('instance', id))).toMatchObject({
        MetadataOptions: { HttpTokens: 'required', HttpEndpoint: 'enabled' },
        State: { Name: 'stopped' },
      })
    })

    test('its user data is never asked for', async () => {
      await stand.attributes(type, arn('instance', await instance()))
      expect(stand.proxy.seen.map(({ operation }) => operation)).not.toContain('DescribeInstanceAttribute')
    })

    test('is gone from its end on, though AWS still shows it, and is no longer listed', async () => {
      const id = await instance()
      expect(await stand.list(type)).toContain(arn('instance', id))
      await client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [id] }))
      expect(await stand.fetch(type, arn('instance', id))).toEqual({ status: 'gone' })
      expect(await stand.list(type)).not.toContain(arn('instance', id))
    })
  })

  describe('AWS.EC2.AMI', () => {
    const type = 'AWS.EC2.AMI'

    test('an own image shows whether everybody may start it', async () => {
      const id = await image()
      await tag(id)
      expect(await stand.attributes(type, arn('image', id))).toMatchObject({
        Id: id,
        ImageId: id,
        Name: 'golden',
        OwnerId: one,
        Public: false,
        Tags: { team: 'web' },
        TimeCreated: expect.any(String),
      })
      const LaunchPermission = { Add: [{ Group: 'all' as const }] }
      await client.send(new ec2.ModifyImageAttributeCommand({ ImageId: id, LaunchPermission }))
      expect(await stand.attributes(type, arn('image', id))).toMatchObject({ Public: true })
      await client.send(new ec2.DeregisterImageCommand({ ImageId: id }))
      expect(await stand.fetch(type, arn('image', id))).toEqual({ status: 'gone' })
    })

    test('an image of another owner has one id, that of the event as of the listing, and is there while an instance runs on it', async () => {
      const [touch] = touched('ec2', {
        region,
        name: 'CreateTags',
        request: { resourcesSet: { items: [{ resourceId: unusedImage }] }, tagSet: { items: [{ key: 'team', value: 'web' }] } },
      })
      expect(await stand.fetch(type, touch?.ref.id ?? '')).toEqual({ status: 'gone' })
      const InstanceIds = [await instance(client, unusedImage)]
      expect(await stand.list(type)).toContain(touch?.ref.id)
      const attributes = await stand.attributes(type, touch?.ref.id ?? '')
      expect(attributes).toMatchObject({ AccountId: one, ResourceId: touch?.ref.id })
      expect(attributes['OwnerId']).not.toBe(one)
      await client.send(new ec2.TerminateInstancesCommand({ InstanceIds }))
      expect(await stand.fetch(type, touch?.ref.id ?? '')).toEqual({ status: 'gone' })
      expect(await stand.list(type)).not.toContain(touch?.ref.id)
    })

    test('own images are listed once, though instances run on them; a listing goes on where it was', async () => {
      const id = await image()
      await instance(client, id)
      const scope = { accountId: one, region, type }
      const pages = await Array.fromAsync(stand.inventory.list(scope, null, AbortSignal.timeout(10_000)))
      expect(pages.flatMap(({ ids }) => ids).filter((each) => each === arn('image', id))).toHaveLength(1)
      const from = pages[0]?.next ?? ''
      const later = await Array.fromAsync(stand.inventory.list(scope, from, AbortSignal.timeout(10_000)))
      expect(later).toEqual(pages.slice(1))
    })
  })

  describe('AWS.EC2.Volume', () => {
    const type = 'AWS.EC2.Volume'

    test('shows its attachment, and its snapshots with who may use them', async () => {
      const id = await volume()
      const InstanceId = await instance()
      await client.send(new ec2.AttachVolumeCommand({ VolumeId: id, InstanceId, Device: '/dev/sdf' }))
      const [alone, shared] = [await snapshot(id), await snapshot(id)]
      await share(shared, 'add', ['222222222222'])
      await tag(id)
      const attributes = await stand.attributes(type, arn('volume', id))
      expect(attributes).toMatchObject({
        Id: id,
        VolumeId: id,
        Encrypted: true,
        Size: 8,
        VolumeType: 'gp3',
        Tags: { team: 'web' },
        TimeCreated: attributes['CreateTime'],
        Attachments: [{ InstanceId, Device: '/dev/sdf' }],
      })
      expect(attributes['Snapshots']).toHaveLength(2)
      expect(attributes['Snapshots']).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ SnapshotId: alone, CreateVolumePermissions: null }),
          expect.objectContaining({ SnapshotId: shared, CreateVolumePermissions: [{ UserId: '222222222222', Group: null }] }),
        ]),
      )
      await client.send(new ec2.DetachVolumeCommand({ VolumeId: id, InstanceId }))
      expect(await stand.attributes(type, arn('volume', id))).toMatchObject({ Attachments: null, State: 'available' })
    })

    test('is unknown when who may use one of its snapshots cannot be read', async () => {
      const id = await volume()
      await snapshot(id)
      stand.proxy.inject({ operation: 'DescribeSnapshotAttribute' }, denied)
      await expect(stand.fetch(type, arn('volume', id))).rejects.toMatchObject({ name: 'InventoryError', code: 'access-denied' })
    })

    test('with more snapshots than one fetch can read, the next one goes on where it ended', async () => {
      const id = await volume()
      for (let left = 25; left > 0; left -= 1) await snapshot(id)
      const attribute = { operation: 'DescribeSnapshotAttribute' }
      const answerOnly = (times: number): void => {
        stand.proxy.inject(attribute, denied)
        stand.proxy.inject(attribute, { kind: 'delay', ms: 0 }, times)
      }
      answerOnly(16)
      await expect(stand.fetch(type, arn('volume', id))).rejects.toMatchObject({ code: 'access-denied' })
      stand.proxy.clear()
      answerOnly(16)
      expect((await stand.attributes(type, arn('volume', id)))['Snapshots']).toHaveLength(25)
      // What was read for a whole state is not kept.
      stand.proxy.clear()
      answerOnly(16)
      await expect(stand.fetch(type, arn('volume', id))).rejects.toMatchObject({ code: 'access-denied' })
    })

    test('is gone once it is deleted, and while it is being deleted', async () => {
      const id = await volume()
      stand.proxy.inject(
        { operation: 'DescribeVolumes' },
        { kind: 'rewrite', change: (body) => body.replaceAll('<status>available', '<status>deleting') },
      )
      expect(await stand.fetch(type, arn('volume', id))).toEqual({ status: 'gone' })
      expect(await stand.list(type)).not.toContain(arn('volume', id))
      stand.proxy.clear()
      expect(await stand.list(type)).toContain(arn('volume', id))
      await client.send(new ec2.DeleteVolumeCommand({ VolumeId: id }))
      expect(await stand.fetch(type, arn('volume', id))).toEqual({ status: 'gone' })
    })
  })

  describe('AWS.EC2.Snapshot', () => {
    const type = 'AWS.EC2.Snapshot'

    test('shows with whom it is shared, with accounts and with all', async () => {
      const VolumeId = await volume()
      const id = await snapshot(VolumeId)
      await tag(id)
      expect(await stand.attributes(type, arn('snapshot', id))).toMatchObject({
        Id: id,
        VolumeId,
        Description: 'nightly',
        Tags: { team: 'web' },
        CreateVolumePermissions: null,
      })
      await share(id, 'add', ['222222222222'])
      await share(id, 'add', [], ['all'])
      const attributes = await stand.attributes(type, arn('snapshot', id))
      expect(attributes['CreateVolumePermissions']).toEqual(
        expect.arrayContaining([
          { UserId: '222222222222', Group: null },
          { UserId: null, Group: 'all' },
        ]),
      )
      await client.send(new ec2.DeleteSnapshotCommand({ SnapshotId: id }))
      expect(await stand.fetch(type, arn('snapshot', id))).toEqual({ status: 'gone' })
    })

    test('what its event says of sharing and its end is what the fetched state shows', async () => {
      const id = await snapshot(await volume())
      const said = (what: 'add' | 'remove') =>
        touched('ec2', {
          name: 'ModifySnapshotAttribute',
          region,
          request: {
            snapshotId: id,
            attributeType: 'CREATE_VOLUME_PERMISSION',
            createVolumePermission: { [what]: { items: [{ userId: '222222222222' }, { group: 'all' }] } },
          },
        }).flatMap(({ witnesses }) => witnesses)
      const shown = async (what: 'add' | 'remove'): Promise<readonly boolean[]> => {
        const attributes = await stand.attributes(type, arn('snapshot', id))
        return said(what).map((witness) => isSeen(witness, attributes, false))
      }
      expect(await shown('add')).toEqual([false, false])
      await share(id, 'add', ['222222222222'], ['all'])
      expect(await shown('add')).toEqual([true, true])
      expect(await shown('remove')).toEqual([false, false])
      await share(id, 'remove', ['222222222222'], ['all'])
      expect(await shown('remove')).toEqual([true, true])
    })

    test('is unknown when its permissions cannot be read', async () => {
      const id = await snapshot(await volume())
      stand.proxy.inject({ operation: 'DescribeSnapshotAttribute' }, denied)
      await expect(stand.fetch(type, arn('snapshot', id))).rejects.toMatchObject({ code: 'access-denied' })
    })

    test('one that another account shares is not ours, in a listing or fetched', async () => {
      const id = await snapshot(await volume())
      stand.proxy.inject(
        { operation: 'DescribeSnapshots' },
        { kind: 'rewrite', change: (body) => body.replaceAll(`<ownerId>${one}`, `<ownerId>${two}`) },
      )
      stand.proxy.inject({ operation: 'DescribeSnapshotAttribute' }, denied)
      expect(await stand.fetch(type, arn('snapshot', id))).toEqual({ status: 'gone' })
      expect(await stand.list(type)).toEqual([])
    })
  })

  describe('AWS.EC2.NetworkACL', () => {
    const type = 'AWS.EC2.NetworkACL'

    test('shows its entries, and is gone once it is deleted', async () => {
      const VpcId = await vpc()
      const { NetworkAcl } = await client.send(new ec2.CreateNetworkAclCommand({ VpcId }))
      const NetworkAclId = NetworkAcl?.NetworkAclId ?? ''
      const id = arn('network-acl', NetworkAclId)
      await tag(NetworkAclId)
      expect(await stand.list(type)).toContain(id)
      const entry = { NetworkAclId, RuleNumber: 100, Egress: false }
      await client.send(
        new ec2.CreateNetworkAclEntryCommand({
          ...entry,
          CidrBlock: '0.0.0.0/0',
          Protocol: '6',
          PortRange: { From: 22, To: 22 },
          RuleAction: 'allow',
        }),
      )
      const attributes = await stand.attributes(type, id)
      expect(attributes).toMatchObject({ NetworkAclId, VpcId, IsDefault: false, Tags: { team: 'web' } })
      const [created] = touched('ec2', {
        name: 'CreateNetworkAclEntry',
        request: {
          networkAclId: NetworkAclId,
          ruleNumber: 100,
          egress: false,
          ruleAction: 'allow',
          icmpTypeCode: {},
          portRange: { from: 22, to: 22 },
          aclProtocol: '6',
          cidrBlock: '0.0.0.0/0',
        },
      })
      expect(created?.witnesses.map((witness) => isSeen(witness, attributes, false))).toEqual([true, true])
      await client.send(new ec2.DeleteNetworkAclEntryCommand(entry))
      const [deleted] = touched('ec2', {
        name: 'DeleteNetworkAclEntry',
        request: { networkAclId: NetworkAclId, ruleNumber: 100, egress: false },
      })
      expect(deleted?.witnesses.map((witness) => isSeen(witness, attributes, true))).toEqual([false])
      const after = await stand.attributes(type, id)
      expect(deleted?.witnesses.map((witness) => isSeen(witness, after, false))).toEqual([true])
      await client.send(new ec2.DeleteNetworkAclCommand({ NetworkAclId }))
      stand.proxy.inject({ operation: 'DescribeNetworkAcls' }, awsWordForNoAcl)
      expect(await stand.fetch(type, id)).toEqual({ status: 'gone' })
    })
  })

  describe('AWS.EC2.SecurityGroup', () => {
    const type = 'AWS.EC2.SecurityGroup'

    /** A call's record with the rules of its answer, as EC2 tells them. */
    function said(
      name: string,
      GroupId: string,
      rules: readonly ec2.SecurityGroupRule[] | undefined,
      set = 'securityGroupRuleSet',
    ) {
      const lower = (value: unknown): unknown =>
        typeof value !== 'object' || value === null
          ? value
          : Object.fromEntries(
              Object.entries(value).map(([key, each]) => [key.slice(0, 1).toLowerCase() + key.slice(1), lower(each)]),
            )
      const items = (rules ?? []).map((rule) => lower({ FromPort: -1, ToPort: -1, ...rule }))
      const touches = touched('ec2', { name, region, request: { groupId: GroupId }, response: { _return: true, [set]: { items } } })
      return touches.flatMap(({ witnesses }) => witnesses)
    }

    test('carries AWS’s names for its id and name', async () => {
      const GroupId = await group('named')
      expect(await stand.attributes(type, arn('security-group', GroupId))).toMatchObject({
        GroupId,
        GroupName: 'named',
        Name: 'named',
      })
    })

    test('what events say of rules given and taken back is what the merged permissions show', async () => {
      const GroupId = await group('merged')
      const id = arn('security-group', GroupId)
      const tcp = (port: number, ...cidrs: readonly string[]): ec2.IpPermission => ({
        IpProtocol: 'tcp',
        FromPort: port,
        ToPort: port,
        IpRanges: cidrs.map((CidrIp) => ({ CidrIp })),
      })
      const shown = async (witnesses: ReturnType<typeof said>): Promise<readonly boolean[]> => {
        const attributes = await stand.attributes(type, id)
        return witnesses.map((witness) => isSeen(witness, attributes, false))
      }
      await client.send(new ec2.AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [tcp(22, '10.0.0.0/8')] }))
      await client.send(
        new ec2.AuthorizeSecurityGroupIngressCommand({
          GroupId,
          IpPermissions: [
            tcp(22, '0.0.0.0/0', '192.168.0.0/16'),
            { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId }] },
            { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, Ipv6Ranges: [{ CidrIpv6: '::/0' }] },
          ],
        }),
      )
      const command = new ec2.DescribeSecurityGroupRulesCommand({ Filters: [{ Name: 'group-id', Values: [GroupId] }] })
      const rules = (await client.send(command)).SecurityGroupRules?.filter(({ IsEgress }) => IsEgress === false)
      const opened = said('AuthorizeSecurityGroupIngress', GroupId, rules)
      expect(await shown(opened)).toEqual([true, true, true, true, true])
      // One permission for the port, whatever call gave its ranges.
      const { IpPermissions } = await stand.attributes(type, id)
      expect((IpPermissions as readonly JsonObject[]).filter(({ FromPort }) => FromPort === 22)).toHaveLength(1)

      await client.send(new ec2.RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions: [tcp(22, '0.0.0.0/0')] }))
      const world = rules?.filter(({ CidrIpv4 }) => CidrIpv4 === '0.0.0.0/0')
      const closed = said('RevokeSecurityGroupIngress', GroupId, world, 'revokedSecurityGroupRuleSet')
      expect(await shown(closed)).toEqual([true])
      expect((await shown(opened)).filter((is) => !is)).toEqual([false])

      const egress = await client.send(
        new ec2.AuthorizeSecurityGroupEgressCommand({ GroupId, IpPermissions: [tcp(443, '203.0.113.0/24')] }),
      )
      expect(await shown(said('AuthorizeSecurityGroupEgress', GroupId, egress.SecurityGroupRules))).toEqual([true])
    })
  })

  describe('AWS.EC2.VPC', () => {
    const type = 'AWS.EC2.VPC'

    test('one VPC is read for one event, not the region', async () => {
      const VpcId = await vpc()
      const stranger = await vpc()
      const [touch, ...more] = touched('ec2', { name: 'CreateSubnet', region, request: { vpcId: VpcId, cidrBlock: '10.9.1.0/24' } })
      expect(more).toEqual([])
      stand.proxy.clear()
      expect(await stand.attributes(type, touch?.ref.id ?? '')).toMatchObject({ VpcId, CidrBlock: '10.9.0.0/16' })
      const calls = stand.proxy.seen.filter(({ service }) => service === 'ec2')
      expect(calls).toHaveLength(6)
      for (const { body } of calls) {
        expect(body).toContain(VpcId)
        expect(body).not.toContain(stranger)
      }
    })
  })

  describe('AWS.EC2.RouteTable', () => {
    const type = 'AWS.EC2.RouteTable'

    test('shows where its routes lead and to which subnet it belongs', async () => {
      const VpcId = await vpc()
      const [GatewayId, SubnetId] = [await internetGateway(), await subnet(VpcId)]
      await client.send(new ec2.AttachInternetGatewayCommand({ InternetGatewayId: GatewayId, VpcId }))
      const { RouteTable } = await client.send(new ec2.CreateRouteTableCommand({ VpcId }))
      const RouteTableId = RouteTable?.RouteTableId ?? ''
      const id = arn('route-table', RouteTableId)
      await tag(RouteTableId)
      const before = await stand.attributes(type, id)
      expect(before).toMatchObject({
        RouteTableId,
        VpcId,
        Associations: null,
        Routes: [{ GatewayId: 'local' }],
        Tags: { team: 'web' },
      })
      await client.send(new ec2.CreateRouteCommand({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId }))
      const { AssociationId } = await client.send(new ec2.AssociateRouteTableCommand({ RouteTableId, SubnetId }))
      const after = await stand.attributes(type, id)
      expect(after).toMatchObject({ Associations: [{ RouteTableAssociationId: AssociationId, SubnetId }] })
      const witnesses = touched('ec2', {
        name: 'CreateRoute',
        region,
        request: { routeTableId: RouteTableId, destinationCidrBlock: '0.0.0.0/0', gatewayId: GatewayId },
      }).flatMap((touch) => touch.witnesses)
      expect(witnesses.map((witness) => isSeen(witness, before, false))).toEqual([false, false])
      expect(witnesses.map((witness) => isSeen(witness, after, false))).toEqual([true, true])
    })

    test('is listed, and gone once it is deleted', async () => {
      const { RouteTable } = await client.send(new ec2.CreateRouteTableCommand({ VpcId: await vpc() }))
      const id = arn('route-table', RouteTable?.RouteTableId)
      expect(await stand.list(type)).toContain(id)
      await client.send(new ec2.DeleteRouteTableCommand({ RouteTableId: RouteTable?.RouteTableId }))
      expect(await stand.fetch(type, id)).toEqual({ status: 'gone' })
    })
  })

  test('AWS.EC2.InternetGateway shows its VPC, and is gone once it is deleted', async () => {
    const type = 'AWS.EC2.InternetGateway'
    const [InternetGatewayId, VpcId] = [await internetGateway(), await vpc()]
    const id = arn('internet-gateway', InternetGatewayId)
    expect(await stand.attributes(type, id)).toMatchObject({ InternetGatewayId, Attachments: null })
    await client.send(new ec2.AttachInternetGatewayCommand({ InternetGatewayId, VpcId }))
    await tag(InternetGatewayId)
    expect(await stand.attributes(type, id)).toMatchObject({ Attachments: [{ VpcId }], Tags: { team: 'web' } })
    expect(await stand.list(type)).toContain(id)
    await client.send(new ec2.DetachInternetGatewayCommand({ InternetGatewayId, VpcId }))
    await client.send(new ec2.DeleteInternetGatewayCommand({ InternetGatewayId }))
    expect(await stand.fetch(type, id)).toEqual({ status: 'gone' })
  })

  test('AWS.EC2.NatGateway shows its addresses, and is gone once it is deleted, though AWS still shows it', async () => {
    const type = 'AWS.EC2.NatGateway'
    const VpcId = await vpc()
    const SubnetId = await subnet(VpcId)
    const { AllocationId } = await client.send(new ec2.AllocateAddressCommand({ Domain: 'vpc' }))
    const { NatGateway } = await client.send(
      new ec2.CreateNatGatewayCommand({ SubnetId, AllocationId, ConnectivityType: 'public' }),
    )
    const id = arn('natgateway', NatGateway?.NatGatewayId)
    await tag(NatGateway?.NatGatewayId ?? '')
    expect(await stand.attributes(type, id)).toMatchObject({
      NatGatewayId: NatGateway?.NatGatewayId,
      ConnectivityType: 'public',
      NatGatewayAddresses: [{ AllocationId, PublicIp: expect.any(String) }],
      SubnetId,
      VpcId,
      Tags: { team: 'web' },
      TimeCreated: expect.any(String),
    })
    expect(await stand.list(type)).toContain(id)
    await client.send(new ec2.DeleteNatGatewayCommand({ NatGatewayId: NatGateway?.NatGatewayId }))
    expect(await stand.fetch(type, id)).toEqual({ status: 'gone' })
    expect(await stand.list(type)).not.toContain(id)
  })

  test('AWS’s own words for a thing that is not there mean gone, and nothing else does', async () => {
    const unknown: Readonly<Record<string, string>> = {
      'AWS.EC2.AMI': 'image/ami-0123456789abcdef0',
      'AWS.EC2.Instance': 'instance/i-0123456789abcdef0',
      'AWS.EC2.InternetGateway': 'internet-gateway/igw-0123456789abcdef0',
      'AWS.EC2.NatGateway': 'natgateway/nat-0123456789abcdef0',
      'AWS.EC2.NetworkACL': 'network-acl/acl-0123456789abcdef0',
      'AWS.EC2.RouteTable': 'route-table/rtb-0123456789abcdef0',
      'AWS.EC2.SecurityGroup': 'security-group/sg-0123456789abcdef0',
      'AWS.EC2.Snapshot': 'snapshot/snap-0123456789abcdef0',
      'AWS.EC2.VPC': 'vpc/vpc-0123456789abcdef0',
      'AWS.EC2.Volume': 'volume/vol-0123456789abcdef0',
    }
    expect(Object.keys(unknown).toSorted()).toEqual(types.toSorted())
    stand.proxy.inject({ operation: 'DescribeNetworkAcls' }, awsWordForNoAcl)
    for (const [type, id] of Object.entries(unknown)) {
      expect(await stand.fetch(type, `arn:aws:ec2:${region}:${one}:${id}`)).toEqual({ status: 'gone' })
    }
    stand.proxy.inject({ service: 'ec2' }, denied)
    for (const [type, id] of Object.entries(unknown)) {
      await expect(stand.fetch(type, `arn:aws:ec2:${region}:${one}:${id}`)).rejects.toMatchObject({ code: 'access-denied' })
    }
    stand.proxy.clear()
    stand.proxy.inject({ service: 'ec2' }, { kind: 'error', code: 'NatGatewayNotFound', status: 400 })
    expect(await stand.fetch('AWS.EC2.NatGateway', `arn:aws:ec2:${region}:${one}:natgateway/nat-0123456789abcdef0`)).toEqual({
      status: 'gone',
    })
  })

  test.each(types)('an id of %s that is none is an error or gone, never a crash', async (type) => {
    const answer = await stand.fetch(type, 'no arn at all').catch((error: unknown) => error)
    expect(answer).toSatisfy(
      (given) => (given as { status?: unknown }).status === 'gone' || (given as Error).name === 'InventoryError',
    )
  })

  test('nothing of another account is seen', async () => {
    const VpcId = await vpc(other)
    const VolumeId = await volume(other)
    const ids: Readonly<Record<string, string>> = {
      'AWS.EC2.AMI': arn('image', await image(other), two),
      'AWS.EC2.Instance': arn('instance', await instance(other), two),
      'AWS.EC2.InternetGateway': arn('internet-gateway', await internetGateway(other), two),
      'AWS.EC2.Snapshot': arn('snapshot', await snapshot(VolumeId, other), two),
      'AWS.EC2.VPC': arn('vpc', VpcId, two),
      'AWS.EC2.Volume': arn('volume', VolumeId, two),
    }
    for (const [type, id] of Object.entries(ids)) {
      expect(await stand.fetch(type, id, two)).toMatchObject({ status: 'present', attributes: { AccountId: two, ResourceId: id } })
      expect(await stand.fetch(type, id)).toEqual({ status: 'gone' })
      expect(await stand.list(type, two)).toContain(id)
      expect(await stand.list(type)).not.toContain(id)
    }
  })

  test('the documented permissions are the calls that listing and fetching make, no more and no less', async () => {
    await snapshot(await volume())
    for (const type of types) {
      const [id] = await stand.list(type)
      await stand.fetch(type, id ?? `arn:aws:ec2:${region}:${one}:thing/none-0123456789abcdef0`)
    }
    expect(neededActions(stand.proxy, ['ec2'])).toEqual(documentedActions(['ec2']))
  })
})
