import type { NetworkAcl } from '@aws-sdk/client-ec2'
import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, idPages, lastPart } from '../reading.ts'
import { ec2NetworkAclShape } from '../shapes/ec2-network-acl.ts'
import { ec2Arn, identity } from './ec2.ts'

const type = 'AWS.EC2.NetworkACL'

/** `arn:aws:ec2:{region}:{ownerId}:network-acl/{acl-id}`, read in one call. */
export const ec2NetworkAcl: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  async *list(session, token) {
    const { paginateDescribeNetworkAcls } = await import('@aws-sdk/client-ec2')
    const paging = { client: await session.client('ec2'), pageSize: 1_000, ...after(token) }
    yield* idPages(
      paginateDescribeNetworkAcls(paging, {}),
      ({ NetworkAcls }) => NetworkAcls?.map((acl) => arnOf(session, acl)),
      ({ NextToken }) => NextToken,
    )
  },
  async fetch(session, ref) {
    const { DescribeNetworkAclsCommand } = await import('@aws-sdk/client-ec2')
    const ec2 = await session.client('ec2')
    const command = new DescribeNetworkAclsCommand({ NetworkAclIds: [lastPart(ref.id)] })
    const acl = (await unless(ec2.send(command), 'InvalidNetworkAclID.NotFound'))?.NetworkAcls?.[0]
    if (acl === undefined) return { status: 'gone' }
    const attributes = ec2NetworkAclShape.parse({ ...acl, ...identity(session, type, arnOf(session, acl)) })
    return { status: 'present', attributes }
  },
}

function arnOf(session: Session, { OwnerId, NetworkAclId }: NetworkAcl): string {
  return ec2Arn(session, 'network-acl', NetworkAclId, OwnerId)
}
