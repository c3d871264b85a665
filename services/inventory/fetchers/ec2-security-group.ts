import type { SecurityGroup } from '@aws-sdk/client-ec2'
import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, idPages, lastPart } from '../reading.ts'
import { ec2SecurityGroupShape } from '../shapes/ec2-security-group.ts'
import { ec2Arn, identity } from './ec2.ts'

const type = 'AWS.EC2.SecurityGroup'

/** `arn:aws:ec2:{region}:{ownerId}:security-group/{sg-id}`, read in one call. */
export const ec2SecurityGroup: Fetcher = {
  type,
  shape: 2,
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
    const attributes = ec2SecurityGroupShape.parse({
      ...group,
      ...identity(session, type, arnOf(session, group)),
      Name: group.GroupName,
    })
    return { status: 'present', attributes }
  },
}

function arnOf(session: Session, { OwnerId, GroupId }: SecurityGroup): string {
  return ec2Arn(session, 'security-group', GroupId, OwnerId)
}
