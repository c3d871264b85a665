import type { SecurityGroup } from '@aws-sdk/client-ec2'
import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, idPages, lastPart, must } from '../reading.ts'
import { ec2SecurityGroupShape } from '../shapes/ec2-security-group.ts'

const type = 'AWS.EC2.SecurityGroup'

/** `arn:aws:ec2:{region}:{ownerId}:security-group/{sg-id}`, read in one call. */
export const ec2SecurityGroup: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  async *list(session, token) {
    const { paginateDescribeSecurityGroups } = await import('@aws-sdk/client-ec2')
    const paging = { client: await session.client('ec2'), pageSize: 1_000, ...after(token) }
    yield* idPages(
      paginateDescribeSecurityGroups(paging, {}),
      ({ SecurityGroups }) => SecurityGroups?.map((group) => arnOf(session, group)),
      ({ NextToken }) => NextToken,
    )
  },
  async fetch(session, ref) {
    const { DescribeSecurityGroupsCommand } = await import('@aws-sdk/client-ec2')
    const ec2 = await session.client('ec2')
    const command = new DescribeSecurityGroupsCommand({ GroupIds: [lastPart(ref.id)] })
    const group = (await unless(ec2.send(command), 'InvalidGroup.NotFound'))?.SecurityGroups?.[0]
    if (group === undefined) return { status: 'gone' }
    const arn = arnOf(session, group)
    const attributes = ec2SecurityGroupShape.parse({
      AccountId: session.accountId,
      Region: session.region,
      ResourceId: arn,
      ResourceType: type,
      Tags: group.Tags,
      Arn: arn,
      Id: group.GroupId,
      Name: group.GroupName,
      Description: group.Description,
      IpPermissions: group.IpPermissions,
      IpPermissionsEgress: group.IpPermissionsEgress,
      OwnerId: group.OwnerId,
      VpcId: group.VpcId,
    })
    return { status: 'present', attributes }
  },
}

function arnOf(session: Session, { OwnerId, GroupId }: SecurityGroup): string {
  const owner = OwnerId ?? session.accountId
  return `arn:${session.partition}:ec2:${session.region}:${owner}:security-group/${must(GroupId, 'GroupId')}`
}
