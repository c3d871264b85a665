import type { RouteTable } from '@aws-sdk/client-ec2'
import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, idPages, lastPart } from '../reading.ts'
import { ec2RouteTableShape } from '../shapes/ec2-route-table.ts'
import { ec2Arn, identity } from './ec2.ts'

const type = 'AWS.EC2.RouteTable'

/** `arn:aws:ec2:{region}:{ownerId}:route-table/{rtb-id}`, read in one call. */
export const ec2RouteTable: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  volatile: ['Associations[].AssociationState'],
  async *list(session, token) {
    const { paginateDescribeRouteTables } = await import('@aws-sdk/client-ec2')
    // The longest page that this one allows.
    const paging = { client: await session.client('ec2'), pageSize: 100, ...after(token) }
    yield* idPages(
      paginateDescribeRouteTables(paging, {}),
      ({ RouteTables }) => RouteTables?.map((table) => arnOf(session, table)),
      ({ NextToken }) => NextToken,
    )
  },
  async fetch(session, ref) {
    const { DescribeRouteTablesCommand } = await import('@aws-sdk/client-ec2')
    const ec2 = await session.client('ec2')
    const command = new DescribeRouteTablesCommand({ RouteTableIds: [lastPart(ref.id)] })
    const table = (await unless(ec2.send(command), 'InvalidRouteTableID.NotFound'))?.RouteTables?.[0]
    if (table === undefined) return { status: 'gone' }
    const attributes = ec2RouteTableShape.parse({ ...table, ...identity(session, type, arnOf(session, table)) })
    return { status: 'present', attributes }
  },
}

function arnOf(session: Session, { OwnerId, RouteTableId }: RouteTable): string {
  return ec2Arn(session, 'route-table', RouteTableId, OwnerId)
}
