import type { Vpc } from '@aws-sdk/client-ec2'
import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, gather, idPages, lastPart, together } from '../reading.ts'
import { ec2VpcShape } from '../shapes/ec2-vpc.ts'
import { ec2Arn, identity } from './ec2.ts'

const type = 'AWS.EC2.VPC'

/** `arn:aws:ec2:{region}:{ownerId}:vpc/{vpc-id}`, read in one round of calls. */
export const ec2Vpc: Fetcher = {
  type,
  shape: 2,
  scope: 'regional',
  volatile: [
    'CidrBlockAssociationSet[].CidrBlockState',
    'FlowLogs[].DeliverLogsErrorMessage',
    'FlowLogs[].DeliverLogsStatus',
    'Ipv6CidrBlockAssociationSet[].Ipv6CidrBlockState',
    'RouteTables[].Associations[].AssociationState',
    'State',
  ],
  async *list(session, token) {
    const { paginateDescribeVpcs } = await import('@aws-sdk/client-ec2')
    const pages = paginateDescribeVpcs({ client: await session.client('ec2'), pageSize: 1_000, ...after(token) }, {})
    yield* idPages(
      pages,
      ({ Vpcs }) => Vpcs?.map((vpc) => arnOf(session, vpc)),
      ({ NextToken }) => NextToken,
    )
  },
  async fetch(session, ref) {
    const id = lastPart(ref.id)
    const found = await together(describe(session, id), readParts(session, id))
    if (found === null) return { status: 'gone' }
    const [vpc, parts] = found
    const attributes = ec2VpcShape.parse({
      ...vpc,
      ...identity(session, type, arnOf(session, vpc)),
      DefaultNetworkAclId: parts.acls.find(({ IsDefault }) => IsDefault === true)?.NetworkAclId,
      DefaultSecurityGroupId: parts.groups.find(({ GroupName }) => GroupName === 'default')?.GroupId,
      FlowLogs: parts.flowLogs,
      NetworkAcls: parts.acls.map(({ NetworkAclId }) => NetworkAclId),
      RouteTables: parts.tables,
      SecurityGroups: parts.groups.map(({ GroupId }) => GroupId),
      StaleSecurityGroups: parts.stale.map(({ GroupId }) => GroupId),
    })
    return { status: 'present', attributes }
  },
}

async function describe(session: Session, id: string): Promise<Vpc | null> {
  const { DescribeVpcsCommand } = await import('@aws-sdk/client-ec2')
  const ec2 = await session.client('ec2')
  const answer = await unless(ec2.send(new DescribeVpcsCommand({ VpcIds: [id] })), 'InvalidVpcID.NotFound')
  return answer?.Vpcs?.[0] ?? null
}

async function readParts(session: Session, id: string) {
  const aws = await import('@aws-sdk/client-ec2')
  const paging = { client: await session.client('ec2'), pageSize: 1_000 }
  // The longest pages that each of these allows.
  const shortPaging = { ...paging, pageSize: 100 }
  const ofVpc = { Filters: [{ Name: 'vpc-id', Values: [id] }] }
  const [groups, acls, tables, flowLogs, stale] = await Promise.all([
    gather(aws.paginateDescribeSecurityGroups(paging, ofVpc), (page) => page.SecurityGroups),
    gather(aws.paginateDescribeNetworkAcls(paging, ofVpc), (page) => page.NetworkAcls),
    gather(aws.paginateDescribeRouteTables(shortPaging, ofVpc), (page) => page.RouteTables),
    gather(aws.paginateDescribeFlowLogs(paging, { Filter: [{ Name: 'resource-id', Values: [id] }] }), (page) => page.FlowLogs),
    gather(
      aws.paginateDescribeStaleSecurityGroups({ ...paging, pageSize: 255 }, { VpcId: id }),
      (page) => page.StaleSecurityGroupSet,
    ),
  ])
  return { groups, acls, tables, flowLogs, stale }
}

function arnOf(session: Session, { OwnerId, VpcId }: Vpc): string {
  return ec2Arn(session, 'vpc', VpcId, OwnerId)
}
