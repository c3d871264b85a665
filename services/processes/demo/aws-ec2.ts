import {
  fault,
  filters,
  listed,
  page,
  text,
  word,
  type Answer,
  type Call,
  type Service,
  type Wire,
  type WireObject,
} from './aws-wire.ts'

/** EC2: the describe calls on networks. */
export const ec2: Service = {
  name: 'ec2',
  protocol: 'ec2',
  namespace: 'http://ec2.amazonaws.com/doc/2016-11-15/',
  actions: {
    DescribeSecurityGroups: (call) => {
      const groups = inRegion(call, call.account.securityGroups).map((each) => owned(call, each))
      return described(call, groups, 'securityGroupInfo', {
        list: 'GroupId',
        key: 'groupId',
        missing: 'InvalidGroup.NotFound',
        noun: 'security group',
      })
    },
    DescribeVpcs: (call) => {
      const vpcs = inRegion(call, call.account.vpcs).map((each) => vpcAnswer(owned(call, each)))
      return described(call, vpcs, 'vpcSet', { list: 'VpcId', key: 'vpcId', missing: 'InvalidVpcID.NotFound', noun: 'vpc ID' })
    },
    DescribeNetworkAcls: (call) => {
      const acls = inRegion(call, call.account.networkAcls).map((each) => owned(call, each))
      return described(call, acls, 'networkAclSet', {
        list: 'NetworkAclId',
        key: 'networkAclId',
        missing: 'InvalidNetworkAclID.NotFound',
        noun: 'networkAcl ID',
      })
    },
    DescribeRouteTables: (call) => {
      const tables = inRegion(call, call.account.routeTables).map((each) => owned(call, each))
      return described(call, tables, 'routeTableSet', {
        list: 'RouteTableId',
        key: 'routeTableId',
        missing: 'InvalidRouteTableID.NotFound',
        noun: 'routeTable ID',
      })
    },
    DescribeFlowLogs: (call) => {
      const logs = inRegion(call, call.account.flowLogs).map((each) => owned(call, each))
      return described(call, logs, 'flowLogSet', {
        list: 'FlowLogId',
        key: 'flowLogId',
        missing: 'InvalidFlowLogId.NotFound',
        noun: 'flowLog ID',
      })
    },
    DescribeStaleSecurityGroups: (call) => {
      if (!call.account.vpcs.some((each) => each.vpcId === text(call, 'VpcId') && each.region === call.region)) {
        return fault('InvalidVpcID.NotFound', `The vpc ID '${text(call, 'VpcId')}' does not exist`)
      }
      return { result: { staleSecurityGroupSet: [] } }
    },
    DescribeVpcAttribute: (call) => ({
      result: { vpcId: text(call, 'VpcId'), [lowerFirst(text(call, 'Attribute'))]: { value: true } },
    }),
    DescribeRegions: (call) => ({
      result: {
        regionInfo: ['us-east-1', 'eu-west-1'].map((regionName) => ({
          regionName,
          regionEndpoint: `ec2.${regionName}.amazonaws.com`,
          optInStatus: 'opt-in-not-required',
        })),
        requester: call.account.id,
      },
    }),
  },
}

/** Filters by ids and by `Filter`, answers a page. Unknown ids are AWS's error, unknown filters too. */
function described(
  call: Call,
  all: readonly WireObject[],
  set: string,
  ids: { list: string; key: string; missing: string; noun: string },
): Answer {
  const wanted = listed(call, ids.list)
  const unknown = wanted.find((id) => !all.some((each) => each[ids.key] === id))
  if (unknown !== undefined) return fault(ids.missing, `The ${ids.noun} '${unknown}' does not exist`)
  let left = wanted.length === 0 ? all : all.filter((each) => wanted.includes(word(each[ids.key])))
  for (const [name, values] of filters(call)) {
    const field = filterFields[name]
    if (field === undefined) return fault('InvalidParameterValue', `The filter '${name}' is invalid`)
    left = left.filter((each) => values.includes(word(each[field])))
  }
  const { items, next } = page(left, text(call, 'NextToken'), text(call, 'MaxResults'), 1000)
  return { result: { [set]: items, nextToken: next } }
}

const filterFields: Readonly<Record<string, string>> = {
  'vpc-id': 'vpcId',
  'group-id': 'groupId',
  'group-name': 'groupName',
  'resource-id': 'resourceId',
  'network-acl-id': 'networkAclId',
  'route-table-id': 'routeTableId',
  'owner-id': 'ownerId',
  'is-default': 'isDefault',
  default: 'default',
}

function inRegion<T extends { readonly region: string }>(call: Call, all: readonly T[]): readonly T[] {
  return all.filter((each) => each.region === call.region)
}

/** The recorded object as its owner's answer: without our own `region`. */
function owned(call: Call, recorded: { readonly region: string }): WireObject {
  const { region: _, ...rest } = recorded
  return { ...(rest as WireObject), ownerId: call.account.id }
}

function vpcAnswer(vpc: WireObject): WireObject {
  const cidr: Wire = vpc['cidrBlock']
  const association = {
    associationId: `vpc-cidr-assoc-${word(vpc['vpcId']).slice(4)}`,
    cidrBlock: cidr,
    cidrBlockState: { state: 'associated' },
  }
  return {
    ...vpc,
    state: 'available',
    instanceTenancy: 'default',
    dhcpOptionsId: 'dopt-0a1b2c3d4e5f60718',
    cidrBlockAssociationSet: [association],
  }
}

function lowerFirst(word: string): string {
  return word.slice(0, 1).toLowerCase() + word.slice(1)
}
