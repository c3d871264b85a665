import type { InternetGateway } from '@aws-sdk/client-ec2'
import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, idPages, lastPart } from '../reading.ts'
import { ec2InternetGatewayShape } from '../shapes/ec2-internet-gateway.ts'
import { ec2Arn, identity } from './ec2.ts'

const type = 'AWS.EC2.InternetGateway'

/** `arn:aws:ec2:{region}:{ownerId}:internet-gateway/{igw-id}`, read in one call. */
export const ec2InternetGateway: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  volatile: ['Attachments[].State'],
  async *list(session, token) {
    const { paginateDescribeInternetGateways } = await import('@aws-sdk/client-ec2')
    const paging = { client: await session.client('ec2'), pageSize: 1_000, ...after(token) }
    yield* idPages(
      paginateDescribeInternetGateways(paging, {}),
      ({ InternetGateways }) => InternetGateways?.map((gateway) => arnOf(session, gateway)),
      ({ NextToken }) => NextToken,
    )
  },
  async fetch(session, ref) {
    const { DescribeInternetGatewaysCommand } = await import('@aws-sdk/client-ec2')
    const ec2 = await session.client('ec2')
    const command = new DescribeInternetGatewaysCommand({ InternetGatewayIds: [lastPart(ref.id)] })
    const gateway = (await unless(ec2.send(command), 'InvalidInternetGatewayID.NotFound'))?.InternetGateways?.[0]
    if (gateway === undefined) return { status: 'gone' }
    const attributes = ec2InternetGatewayShape.parse({ ...gateway, ...identity(session, type, arnOf(session, gateway)) })
    return { status: 'present', attributes }
  },
}

function arnOf(session: Session, { OwnerId, InternetGatewayId }: InternetGateway): string {
  return ec2Arn(session, 'internet-gateway', InternetGatewayId, OwnerId)
}
