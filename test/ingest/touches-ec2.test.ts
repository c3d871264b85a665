import { describe, expect, test } from 'vitest'
import { subjectOf, type Json, type Witness } from '#model'
import { inShort, touched, type Call } from '../support/touched.ts'

const account = '111111111111'
const at = (kind: string, id: string, region = 'us-east-1'): string => `${region} arn:aws:ec2:${region}:${account}:${kind}/${id}`
const hex = '0123456789abcdef0'
const [acl, sg, ami, i, igw, nat, rtb, snap, vol, net] = [
  `acl-${hex}`,
  `sg-${hex}`,
  `ami-${hex}`,
  `i-${hex}`,
  `igw-${hex}`,
  `nat-${hex}`,
  `rtb-${hex}`,
  `snap-${hex}`,
  `vol-${hex}`,
  `vpc-${hex}`,
] as const
const ofInstance = `update ${at('instance', i)}`
const ofImage = `update ${at('image', ami)}`
const ofVolume = `update ${at('volume', vol)}`
const ofSnapshot = `update ${at('snapshot', snap)}`
const ofAcl = `update ${at('network-acl', acl)}`
const ofGroup = `update ${at('security-group', sg)}`
const ofTable = `update ${at('route-table', rtb)}`
const ofGateway = `update ${at('internet-gateway', igw)}`
const ofNat = `update ${at('natgateway', nat)}`
const ofVpc = `update ${at('vpc', net)}`

const is = (path: string, value: Json): Witness => ({ kind: 'is', path: path.split('.'), value })
const has = (path: string, value: Json): Witness => ({ kind: 'has', path: [path], value })
const lacks = (path: string, value: Json): Witness => ({ kind: 'lacks', path: [path], value })
const change: Witness = { kind: 'change' }
const nothing: Witness = { kind: 'nothing' }
const present: Witness = { kind: 'present' }
const gone: Witness = { kind: 'gone' }

const instances = (...ids: readonly string[]) => ({ instancesSet: { items: ids.map((instanceId) => ({ instanceId })) } })
const association = (arn: string, instanceId = i) => ({
  iamInstanceProfileAssociation: { associationId: `iip-assoc-${hex}`, instanceId, iamInstanceProfile: { arn, id: 'AIPAEXAMPLE' } },
})
const xmlns = 'http://ec2.amazonaws.com/doc/2016-11-15/'

/** What a call touches, in order, and what must show then. */
type Expected = readonly [touch: string, ...witnesses: Witness[]]
type Row = readonly [name: string, call: Omit<Call, 'name'>, ...expected: Expected[]]

function rows(list: readonly Row[]) {
  return list.map(([name, call, ...expected]) => [name, call, expected] as const)
}

function expectTouches(name: string, call: Omit<Call, 'name'>, expected: readonly Expected[]): void {
  const touches = touched('ec2', { name, ...call })
  expect(inShort(touches)).toEqual(expected.map(([words]) => words))
  expect(touches.map(({ witnesses }) => witnesses)).toEqual(expected.map(([, ...witnesses]) => witnesses))
}

describe('instances', () => {
  const role = `arn:aws:iam::${account}:instance-profile/app`
  test.each(
    rows([
      [
        'RunInstances',
        {
          request: { instancesSet: { items: [{ imageId: ami, minCount: 1, maxCount: 1 }] } },
          response: { ownerId: account, instancesSet: { items: [{ instanceId: i, imageId: ami }] } },
        },
        [`create ${at('instance', i)}`, present],
        [ofImage, nothing],
      ],
      ['TerminateInstances', { request: instances(i) }, [`delete ${at('instance', i)}`, gone]],
      ['StartInstances', { request: instances(i) }, [ofInstance, change]],
      [
        'StopInstances',
        { request: { ...instances(i, 'i-0123456789abcdef1'), force: false } },
        [ofInstance, change],
        [`update ${at('instance', 'i-0123456789abcdef1')}`, change],
      ],
      ['MonitorInstances', { request: instances(i) }, [ofInstance, change]],
      [
        'BidEvictedEvent',
        { extra: { eventType: 'AwsServiceEvent', serviceEventDetails: { instanceIdSet: [i] } } },
        [ofInstance, change],
      ],
      [
        'ModifyInstanceMetadataOptions',
        {
          request: {
            ModifyInstanceMetadataOptionsRequest: { InstanceId: i, HttpTokens: 'optional', HttpPutResponseHopLimit: '2' },
          },
        },
        [ofInstance, is('MetadataOptions.HttpTokens', 'optional'), is('MetadataOptions.HttpPutResponseHopLimit', 2)],
      ],
      [
        'ModifyInstanceMetadataOptions',
        { request: { ModifyInstanceMetadataOptionsRequest: { InstanceId: i, InstanceMetadataTags: 'enabled' } } },
        [ofInstance, nothing],
      ],
      [
        'ModifyInstanceAttribute',
        { request: { instanceId: i, sourceDestCheck: { value: false } } },
        [ofInstance, is('SourceDestCheck', false)],
      ],
      [
        'ModifyInstanceAttribute',
        { request: { instanceId: i, groupSet: { items: [{ groupId: sg }] } } },
        [ofInstance, has('SecurityGroups', { GroupId: sg })],
      ],
      ['ModifyInstanceAttribute', { request: { instanceId: i, userData: '<sensitiveDataRemoved>' } }, [ofInstance, nothing]],
      ['ModifyInstanceAttribute', { request: { instanceId: i, disableApiTermination: { value: false } } }, [ofInstance, nothing]],
      [
        'ModifyInstanceAttribute',
        { request: { instanceId: i, attribute: 'instanceType', value: 't3.small' } },
        [ofInstance, change],
      ],
      [
        'AssociateIamInstanceProfile',
        {
          request: { AssociateIamInstanceProfileRequest: { InstanceId: i, IamInstanceProfile: { Name: 'app' } } },
          response: { AssociateIamInstanceProfileResponse: { xmlns, ...association(role) } },
        },
        [ofInstance, is('IamInstanceProfile.Arn', role)],
      ],
      [
        'ReplaceIamInstanceProfileAssociation',
        {
          request: { ReplaceIamInstanceProfileAssociationRequest: { AssociationId: `iip-assoc-${hex}` } },
          response: { ReplaceIamInstanceProfileAssociationResponse: { xmlns, ...association(role) } },
        },
        [ofInstance, is('IamInstanceProfile.Arn', role)],
      ],
      [
        'DisassociateIamInstanceProfile',
        {
          request: { DisassociateIamInstanceProfileRequest: { AssociationId: `iip-assoc-${hex}` } },
          response: { DisassociateIamInstanceProfileResponse: { xmlns, ...association(role) } },
        },
        [ofInstance, is('IamInstanceProfile', null)],
      ],
      ['AssociateAddress', { request: { instanceId: i, allocationId: `eipalloc-${hex}` } }, [ofInstance, change]],
      ['ModifyInstancePlacement', { request: { ModifyInstancePlacementRequest: { InstanceId: i } } }, [ofInstance, change]],
      [
        'AttachVolume',
        { request: { volumeId: vol, instanceId: i, device: '/dev/sdf' } },
        [ofVolume, has('Attachments', { InstanceId: i })],
        [ofInstance, has('BlockDeviceMappings', { Ebs: { VolumeId: vol } })],
      ],
      [
        'DetachVolume',
        { request: { volumeId: vol }, response: { volumeId: vol, instanceId: i, status: 'detaching' } },
        [ofVolume, lacks('Attachments', { InstanceId: i })],
        [ofInstance, lacks('BlockDeviceMappings', { Ebs: { VolumeId: vol } })],
      ],
    ]),
  )('%s %o', expectTouches)
})

describe('images, volumes and snapshots', () => {
  const permission = (what: Record<string, unknown>) => ({
    snapshotId: snap,
    attributeType: 'CREATE_VOLUME_PERMISSION',
    createVolumePermission: what,
  })
  test.each(
    rows([
      [
        'CreateImage',
        { request: { instanceId: i, name: 'a' }, response: { imageId: ami } },
        [`create ${at('image', ami)}`, present],
      ],
      ['CopyImage', { response: { imageId: ami } }, [`create ${at('image', ami)}`, present]],
      ['RegisterImage', { response: { imageId: ami } }, [`create ${at('image', ami)}`, present]],
      ['DeregisterImage', { request: { imageId: ami } }, [`delete ${at('image', ami)}`, gone]],
      [
        'ModifyImageAttribute',
        { request: { imageId: ami, launchPermission: { add: { items: [{ group: 'all' }] } }, attributeType: 'launchPermission' } },
        [ofImage, is('Public', true)],
      ],
      [
        'ModifyImageAttribute',
        { request: { imageId: ami, launchPermission: { remove: { items: [{ group: 'all' }] } } } },
        [ofImage, is('Public', false)],
      ],
      [
        'ModifyImageAttribute',
        { request: { imageId: ami, launchPermission: { add: { items: [{ userId: '222222222222' }] } } } },
        [ofImage, nothing],
      ],
      ['ModifyImageAttribute', { request: { imageId: ami, description: { value: 'new' } } }, [ofImage, is('Description', 'new')]],
      ['ResetImageAttribute', { request: { imageId: ami, attributeType: 'launchPermission' } }, [ofImage, is('Public', false)]],
      ['DisableImage', { request: { DisableImageRequest: { ImageId: ami } } }, [ofImage, is('State', 'disabled')]],
      ['EnableImage', { request: { EnableImageRequest: { ImageId: ami } } }, [ofImage, is('State', 'available')]],

      [
        'CreateVolume',
        { request: { size: '8', zone: 'us-east-1a' }, response: { volumeId: vol } },
        [`create ${at('volume', vol)}`, present],
      ],
      ['DeleteVolume', { request: { volumeId: vol } }, [`delete ${at('volume', vol)}`, gone]],
      [
        'ModifyVolume',
        { request: { ModifyVolumeRequest: { VolumeId: vol, Size: 20, VolumeType: 'gp3' } } },
        [ofVolume, is('Size', 20), is('VolumeType', 'gp3')],
      ],
      ['ModifyVolume', { request: { ModifyVolumeRequest: { VolumeId: vol, Throughput: 250 } } }, [ofVolume, nothing]],
      ['ModifyVolumeAttribute', { request: { volumeId: vol, autoEnableIO: { value: true } } }, [ofVolume, nothing]],

      [
        'CreateSnapshot',
        { request: { volumeId: vol }, response: { snapshotId: snap, volumeId: vol, status: 'pending' } },
        [`create ${at('snapshot', snap)}`, present],
        [ofVolume, has('Snapshots', { SnapshotId: snap })],
      ],
      [
        'CreateSnapshots',
        {
          request: { CreateSnapshotsRequest: { InstanceSpecification: { InstanceId: i } } },
          response: { CreateSnapshotsResponse: { xmlns, snapshotSet: { item: { snapshotId: snap, volumeId: vol } } } },
        },
        [`create ${at('snapshot', snap)}`, present],
        [ofVolume, change],
      ],
      [
        'CopySnapshot',
        { request: { sourceSnapshotId: 'snap-0fffffffffffffff0' }, response: { snapshotId: snap } },
        [`create ${at('snapshot', snap)}`, present],
      ],
      ['DeleteSnapshot', { request: { snapshotId: snap } }, [`delete ${at('snapshot', snap)}`, gone]],
      [
        'ModifySnapshotAttribute',
        { request: permission({ add: { items: [{ userId: '222222222222' }] } }) },
        [ofSnapshot, has('CreateVolumePermissions', { UserId: '222222222222' })],
      ],
      [
        'ModifySnapshotAttribute',
        { request: permission({ add: { items: [{ group: 'all' }] } }) },
        [ofSnapshot, has('CreateVolumePermissions', { Group: 'all' })],
      ],
      [
        'ModifySnapshotAttribute',
        { request: permission({ remove: { items: [{ userId: '222222222222' }, { group: 'all' }] } }) },
        [
          ofSnapshot,
          lacks('CreateVolumePermissions', { UserId: '222222222222' }),
          lacks('CreateVolumePermissions', { Group: 'all' }),
        ],
      ],
      [
        'ResetSnapshotAttribute',
        { request: { snapshotId: snap, attributeType: 'CREATE_VOLUME_PERMISSION' } },
        [ofSnapshot, is('CreateVolumePermissions', null)],
      ],
      [
        'ModifySnapshotTier',
        { request: { ModifySnapshotTierRequest: { SnapshotId: snap, StorageTier: 'archive' } } },
        [ofSnapshot, change],
      ],
    ]),
  )('%s %o', expectTouches)
})

describe('security groups', () => {
  const rule = (rest: Record<string, unknown>) => ({
    groupOwnerId: account,
    groupId: sg,
    securityGroupRuleId: `sgr-${hex}`,
    isEgress: false,
    ...rest,
  })
  const ssh = { ipProtocol: 'tcp', fromPort: 22, toPort: 22 }
  const Ssh = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22 }
  const world = { IpRanges: [{ CidrIp: '0.0.0.0/0' }] }
  const asked = (...items: readonly unknown[]) => ({ groupId: sg, ipPermissions: { items } })
  const wantsSsh = asked({ ...ssh, groups: {}, ipRanges: { items: [{ cidrIp: '0.0.0.0/0' }] }, ipv6Ranges: {}, prefixListIds: {} })
  const given = (...items: readonly unknown[]) => ({ _return: true, securityGroupRuleSet: { items } })
  const revoked = (...items: readonly unknown[]) => ({ _return: true, revokedSecurityGroupRuleSet: { items } })

  test.each(
    rows([
      [
        'AuthorizeSecurityGroupIngress',
        { request: wantsSsh, response: given(rule({ ...ssh, cidrIpv4: '0.0.0.0/0' })) },
        [ofGroup, has('IpPermissions', { ...Ssh, ...world })],
      ],
      // All traffic has no ports in the group, though the event says -1.
      [
        'AuthorizeSecurityGroupEgress',
        {
          request: { groupId: sg },
          response: given(rule({ isEgress: true, ipProtocol: '-1', fromPort: -1, toPort: -1, cidrIpv4: '0.0.0.0/0' })),
        },
        [ofGroup, has('IpPermissionsEgress', { IpProtocol: '-1', ...world })],
      ],
      // The response has the range as AWS keeps it, and each source on its own.
      [
        'AuthorizeSecurityGroupIngress',
        {
          request: asked({ ...ssh, ipRanges: { items: [{ cidrIp: '10.1.2.3/8' }] } }),
          response: given(
            rule({ ...ssh, cidrIpv4: '10.0.0.0/8' }),
            rule({ ...ssh, cidrIpv6: '2001:db8::/32' }),
            rule({ ...ssh, prefixListId: `pl-${hex}` }),
            rule({ ...ssh, referencedGroupInfo: { groupId: sg, userId: account } }),
          ),
        },
        [
          ofGroup,
          has('IpPermissions', { ...Ssh, IpRanges: [{ CidrIp: '10.0.0.0/8' }] }),
          has('IpPermissions', { ...Ssh, Ipv6Ranges: [{ CidrIpv6: '2001:db8::/32' }] }),
          has('IpPermissions', { ...Ssh, PrefixListIds: [{ PrefixListId: `pl-${hex}` }] }),
          has('IpPermissions', { ...Ssh, UserIdGroupPairs: [{ GroupId: sg }] }),
        ],
      ],
      [
        'RevokeSecurityGroupIngress',
        { request: { groupId: sg }, response: revoked(rule({ ...ssh, cidrIpv4: '0.0.0.0/0' })) },
        [ofGroup, lacks('IpPermissions', { ...Ssh, ...world })],
      ],
      [
        'RevokeSecurityGroupIngress',
        { request: { groupName: 'web' }, response: revoked(rule({ ...ssh, referencedGroupId: sg })) },
        [ofGroup, lacks('IpPermissions', { ...Ssh, UserIdGroupPairs: [{ GroupId: sg }] })],
      ],
      [
        'RevokeSecurityGroupEgress',
        {
          request: { groupId: sg },
          response: revoked(rule({ ipProtocol: 'icmp', fromPort: 8, toPort: -1, cidrIpv4: '0.0.0.0/0' })),
        },
        [ofGroup, lacks('IpPermissionsEgress', { IpProtocol: 'icmp', FromPort: 8, ToPort: -1, ...world })],
      ],
      // Without rules in the response: the request's, unless AWS writes them otherwise.
      [
        'AuthorizeSecurityGroupIngress',
        { request: wantsSsh, response: { _return: true } },
        [ofGroup, has('IpPermissions', { ...Ssh, ...world })],
      ],
      [
        'RevokeSecurityGroupIngress',
        { request: wantsSsh, response: { _return: true } },
        [ofGroup, lacks('IpPermissions', { ...Ssh, ...world })],
      ],
      [
        'RevokeSecurityGroupIngress',
        {
          request: asked({ ipProtocol: '-1', groups: { items: [{ groupId: sg }] }, ipv6Ranges: { items: [{ cidrIpv6: '::/0' }] } }),
        },
        [
          ofGroup,
          lacks('IpPermissions', { IpProtocol: '-1', Ipv6Ranges: [{ CidrIpv6: '::/0' }] }),
          lacks('IpPermissions', { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: sg }] }),
        ],
      ],
      [
        'AuthorizeSecurityGroupIngress',
        { request: asked({ ...ssh, ipRanges: { items: [{ cidrIp: '10.1.2.3/8' }] } }) },
        [ofGroup, change],
      ],
      [
        'AuthorizeSecurityGroupIngress',
        { request: asked({ ...ssh, ipProtocol: '6', ipRanges: { items: [{ cidrIp: '10.0.0.0/8' }] } }) },
        [ofGroup, change],
      ],
      [
        'AuthorizeSecurityGroupIngress',
        { request: { groupId: sg }, response: given(rule({ ipProtocol: '50', fromPort: -1, toPort: -1, cidrIpv4: '0.0.0.0/0' })) },
        [ofGroup, change],
      ],
      [
        'RevokeSecurityGroupIngress',
        { request: { groupId: sg, securityGroupRuleIds: { items: [{ securityGroupRuleId: `sgr-${hex}` }] } } },
        [ofGroup, change],
      ],
      [
        'ModifySecurityGroupRules',
        { request: { ModifySecurityGroupRulesRequest: { GroupId: sg, SecurityGroupRule: { tag: 1 } } } },
        [ofGroup, change],
      ],
      [
        'UpdateSecurityGroupRuleDescriptionsEgress',
        { request: { UpdateSecurityGroupRuleDescriptionsEgressRequest: { GroupId: sg } } },
        [ofGroup, change],
      ],
      [
        'CreateSecurityGroup',
        { request: { groupName: 'web', vpcId: net }, response: { groupId: sg, _return: true } },
        [`create ${at('security-group', sg)}`, present],
        [ofVpc, has('SecurityGroups', sg)],
      ],
      ['DeleteSecurityGroup', { request: { groupId: sg } }, [`delete ${at('security-group', sg)}`, gone]],
    ]),
  )('%s %o', expectTouches)
})

describe('networks', () => {
  const entry = { networkAclId: acl, ruleNumber: 100, egress: false }
  const opened = {
    ...entry,
    ruleAction: 'allow',
    icmpTypeCode: {},
    portRange: { from: 22, to: 22 },
    aclProtocol: '6',
    cidrBlock: '0.0.0.0/0',
  }
  const Entry = { Egress: false, RuleNumber: 100 }
  test.each(
    rows([
      [
        'CreateNetworkAcl',
        { request: { vpcId: net }, response: { networkAcl: { networkAclId: acl, vpcId: net } } },
        [`create ${at('network-acl', acl)}`, present],
        [ofVpc, has('NetworkAcls', acl)],
      ],
      [
        'CreateNetworkAclEntry',
        { request: opened },
        [
          ofAcl,
          has('Entries', Entry),
          has('Entries', { ...Entry, RuleAction: 'allow', Protocol: '6', CidrBlock: '0.0.0.0/0', PortRange: { From: 22, To: 22 } }),
        ],
      ],
      // AWS clears the bits behind the mask, and keeps no ports of all protocols.
      [
        'ReplaceNetworkAclEntry',
        { request: { ...opened, cidrBlock: '10.1.2.3/8', aclProtocol: '-1' } },
        [ofAcl, has('Entries', Entry), has('Entries', { ...Entry, RuleAction: 'allow', Protocol: '-1' })],
      ],
      ['DeleteNetworkAclEntry', { request: entry }, [ofAcl, lacks('Entries', Entry)]],
      [
        'ReplaceNetworkAclAssociation',
        { request: { associationId: 'aclassoc-1', networkAclId: acl }, response: { newAssociationId: 'aclassoc-2' } },
        [ofAcl, has('Associations', { NetworkAclAssociationId: 'aclassoc-2' })],
      ],
      ['DeleteNetworkAcl', { request: { networkAclId: acl } }, [`delete ${at('network-acl', acl)}`, gone]],

      [
        'CreateRouteTable',
        { request: { vpcId: net }, response: { routeTable: { routeTableId: rtb, vpcId: net } } },
        [`create ${at('route-table', rtb)}`, present],
        [ofVpc, has('RouteTables', { RouteTableId: rtb })],
      ],
      [
        'CreateRoute',
        { request: { routeTableId: rtb, destinationCidrBlock: '0.0.0.0/0', gatewayId: igw } },
        [
          ofTable,
          has('Routes', { DestinationCidrBlock: '0.0.0.0/0' }),
          has('Routes', { DestinationCidrBlock: '0.0.0.0/0', GatewayId: igw }),
        ],
      ],
      [
        'ReplaceRoute',
        { request: { routeTableId: rtb, destinationIpv6CidrBlock: '::/0', vpcEndpointId: `vpce-${hex}` } },
        [
          ofTable,
          has('Routes', { DestinationIpv6CidrBlock: '::/0' }),
          has('Routes', { DestinationIpv6CidrBlock: '::/0', GatewayId: `vpce-${hex}` }),
        ],
      ],
      [
        'CreateRoute',
        { request: { routeTableId: rtb, destinationCidrBlock: '100.68.0.18/18', natGatewayId: nat } },
        [ofTable, change],
      ],
      [
        'DeleteRoute',
        { request: { routeTableId: rtb, destinationCidrBlock: '0.0.0.0/0' } },
        [ofTable, lacks('Routes', { DestinationCidrBlock: '0.0.0.0/0' })],
      ],
      [
        'AssociateRouteTable',
        { request: { routeTableId: rtb, subnetId: `subnet-${hex}` }, response: { associationId: 'rtbassoc-1' } },
        [ofTable, has('Associations', { RouteTableAssociationId: 'rtbassoc-1' })],
      ],
      [
        'ReplaceRouteTableAssociation',
        { request: { associationId: 'rtbassoc-1', routeTableId: rtb }, response: { newAssociationId: 'rtbassoc-2' } },
        [ofTable, has('Associations', { RouteTableAssociationId: 'rtbassoc-2' })],
      ],
      [
        'EnableVgwRoutePropagation',
        { request: { routeTableId: rtb, gatewayId: `vgw-${hex}` } },
        [ofTable, has('PropagatingVgws', { GatewayId: `vgw-${hex}` })],
      ],
      ['DeleteRouteTable', { request: { routeTableId: rtb } }, [`delete ${at('route-table', rtb)}`, gone]],

      [
        'CreateInternetGateway',
        { response: { internetGateway: { internetGatewayId: igw } } },
        [`create ${at('internet-gateway', igw)}`, present],
      ],
      [
        'AttachInternetGateway',
        { request: { internetGatewayId: igw, vpcId: net } },
        [ofGateway, has('Attachments', { VpcId: net })],
        [ofVpc, nothing],
      ],
      [
        'DetachInternetGateway',
        { request: { internetGatewayId: igw, vpcId: net } },
        [ofGateway, lacks('Attachments', { VpcId: net })],
        [ofVpc, nothing],
      ],
      ['DeleteInternetGateway', { request: { internetGatewayId: igw } }, [`delete ${at('internet-gateway', igw)}`, gone]],

      [
        'CreateNatGateway',
        {
          request: { CreateNatGatewayRequest: { SubnetId: `subnet-${hex}` } },
          response: { CreateNatGatewayResponse: { xmlns, natGateway: { natGatewayId: nat, vpcId: net, state: 'pending' } } },
        },
        [`create ${at('natgateway', nat)}`, present],
      ],
      ['AssociateNatGatewayAddress', { request: { AssociateNatGatewayAddressRequest: { NatGatewayId: nat } } }, [ofNat, change]],
      [
        'DeleteNatGateway',
        { request: { DeleteNatGatewayRequest: { NatGatewayId: nat } } },
        [`delete ${at('natgateway', nat)}`, gone],
      ],

      ['CreateVpc', { response: { vpc: { vpcId: net } } }, [`create ${at('vpc', net)}`, present]],
      ['DeleteVpc', { request: { vpcId: net } }, [`delete ${at('vpc', net)}`, gone]],
      [
        'ModifyVpcTenancy',
        { request: { ModifyVpcTenancyRequest: { VpcId: net, InstanceTenancy: 'default' } } },
        [ofVpc, is('InstanceTenancy', 'default')],
      ],
      [
        'AssociateDhcpOptions',
        { request: { dhcpOptionsId: `dopt-${hex}`, vpcId: net } },
        [ofVpc, is('DhcpOptionsId', `dopt-${hex}`)],
      ],
      ['ModifyVpcAttribute', { request: { vpcId: net, enableDnsSupport: { value: false } } }, [ofVpc, nothing]],
      ['CreateSubnet', { request: { vpcId: net, cidrBlock: '10.0.0.0/24' } }, [ofVpc, nothing]],
      [
        'AssociateVpcCidrBlock',
        {
          request: { AssociateVpcCidrBlockRequest: { VpcId: net, CidrBlock: '10.1.0.0/16' } },
          response: {
            AssociateVpcCidrBlockResponse: { xmlns, vpcId: net, cidrBlockAssociation: { associationId: 'vpc-cidr-assoc-1' } },
          },
        },
        [ofVpc, has('CidrBlockAssociationSet', { AssociationId: 'vpc-cidr-assoc-1' })],
      ],
      [
        'CreateFlowLogs',
        {
          request: { CreateFlowLogsRequest: { ResourceType: 'VPC', ResourceId: { tag: 1, content: net } } },
          response: { CreateFlowLogsResponse: { xmlns, flowLogIdSet: { item: `fl-${hex}` }, unsuccessful: '' } },
        },
        [ofVpc, has('FlowLogs', { FlowLogId: `fl-${hex}` })],
      ],
      [
        'CreateVpcEndpoint',
        {
          request: { CreateVpcEndpointRequest: { VpcId: net, VpcEndpointType: 'Gateway', RouteTableId: { tag: 1, content: rtb } } },
          response: { CreateVpcEndpointResponse: { xmlns, vpcEndpoint: { vpcEndpointId: `vpce-${hex}`, vpcId: net } } },
        },
        [ofVpc, has('RouteTables', { Routes: [{ GatewayId: `vpce-${hex}` }] })],
        [ofTable, has('Routes', { GatewayId: `vpce-${hex}` })],
      ],
      [
        'CreateVpcEndpoint',
        { request: { CreateVpcEndpointRequest: { VpcId: net, VpcEndpointType: 'Interface' } } },
        [ofVpc, nothing],
      ],
      [
        'ModifyVpcEndpoint',
        { request: { ModifyVpcEndpointRequest: { VpcEndpointId: `vpce-${hex}`, AddRouteTableId: [{ tag: 1, content: rtb }] } } },
        [ofTable, change],
      ],
    ]),
  )('%s %o', expectTouches)
})

describe('tags', () => {
  const kinds = [
    ['security-group', sg],
    ['vpc', net],
    ['network-acl', acl],
    ['route-table', rtb],
    ['internet-gateway', igw],
    ['natgateway', nat],
    ['instance', i],
    ['image', ami],
    ['volume', vol],
    ['snapshot', snap],
  ] as const

  test.each(kinds)('of one %s touch it and nothing else, by its true prefix', (kind, id) => {
    const request = { resourcesSet: { items: [{ resourceId: id }] }, tagSet: { items: [{ key: 'team', value: 'web' }] } }
    expectTouches('CreateTags', { request }, [[`update ${at(kind, id)}`, is('Tags.team', 'web')]])
    const away = { resourcesSet: { items: [{ resourceId: id }] }, tagSet: { items: [{ key: 'team' }] } }
    expectTouches('DeleteTags', { request: away }, [[`update ${at(kind, id)}`, is('Tags.team', null)]])
  })

  test('of many kinds in one call touch each', () => {
    const items = [...kinds.map(([, id]) => id), `eni-${hex}`, `subnet-${hex}`].map((resourceId) => ({ resourceId }))
    const touches = touched('ec2', {
      name: 'CreateTags',
      request: { resourcesSet: { items }, tagSet: { items: [{ key: 'a', value: 'b' }] } },
    })
    expect(inShort(touches)).toEqual(kinds.map(([kind, id]) => `update ${at(kind, id)}`))
  })
})

test('given and taken back, a rule has one subject: the later event counts', () => {
  const rule = { groupId: sg, ipProtocol: 'tcp', fromPort: 22, toPort: 22, cidrIpv4: '0.0.0.0/0' }
  const of = (name: string, set: string) =>
    touched('ec2', { name, request: { groupId: sg }, response: { [set]: { items: [rule] } } }).flatMap(({ witnesses }) => witnesses)
  const given = of('AuthorizeSecurityGroupIngress', 'securityGroupRuleSet')
  const taken = of('RevokeSecurityGroupIngress', 'revokedSecurityGroupRuleSet')
  expect(given).toHaveLength(1)
  expect(given.map(subjectOf)).toEqual(taken.map(subjectOf))
})

test('an image has the account of the event in its id, in its own region and partition', () => {
  const touches = touched('ec2', { name: 'DeregisterImage', region: 'cn-north-1', request: { imageId: ami } })
  expect(touches[0]?.ref).toMatchObject({ accountId: account, id: `arn:aws-cn:ec2:cn-north-1:${account}:image/${ami}` })
})

describe('nothing is touched', () => {
  test.each<[string, Call]>([
    [
      'by a route table’s end of association, which names neither table nor VPC',
      { name: 'DisassociateRouteTable', request: { associationId: 'rtbassoc-1' } },
    ],
    [
      'by a flow log’s end, which names no VPC',
      { name: 'DeleteFlowLogs', request: { DeleteFlowLogsRequest: { FlowLogId: { tag: 1, content: `fl-${hex}` } } } },
    ],
    [
      'by a change to a subnet, of which a VPC shows nothing',
      { name: 'ModifySubnetAttribute', request: { subnetId: `subnet-${hex}` } },
    ],
    ['by an id of another form', { name: 'DeleteVolume', request: { volumeId: 'volume-1' } }],
    ['by a dry run', { name: 'TerminateInstances', request: instances(i), errorCode: 'Client.DryRunOperation' }],
  ])('%s', (_, call) => {
    expect(touched('ec2', call)).toEqual([])
  })
})
