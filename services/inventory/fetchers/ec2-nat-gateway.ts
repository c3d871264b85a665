import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, idPages, lastPart } from '../reading.ts'
import { ec2NatGatewayShape } from '../shapes/ec2-nat-gateway.ts'
import { ec2Arn, identity } from './ec2.ts'

const type = 'AWS.EC2.NatGateway'

/** `arn:aws:ec2:{region}:{accountId}:natgateway/{nat-id}`, read in one call. */
export const ec2NatGateway: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  volatile: [
    'AttachedAppliances[].AttachmentState',
    'AttachedAppliances[].ModificationState',
    'NatGatewayAddresses[].Status',
    'ProvisionedBandwidth',
    'State',
  ],
  async *list(session, token) {
    const { paginateDescribeNatGateways } = await import('@aws-sdk/client-ec2')
    const paging = { client: await session.client('ec2'), pageSize: 1_000, ...after(token) }
    yield* idPages(
      paginateDescribeNatGateways(paging, { Filter: [{ Name: 'state', Values: livingStates }] }),
      ({ NatGateways }) => NatGateways?.map(({ NatGatewayId }) => ec2Arn(session, 'natgateway', NatGatewayId)),
      ({ NextToken }) => NextToken,
    )
  },
  async fetch(session, ref) {
    const { DescribeNatGatewaysCommand } = await import('@aws-sdk/client-ec2')
    const ec2 = await session.client('ec2')
    const command = new DescribeNatGatewaysCommand({ NatGatewayIds: [lastPart(ref.id)] })
    const gateway = (await unless(ec2.send(command), 'NatGatewayNotFound'))?.NatGateways?.[0]
    if (gateway === undefined || !livingStates.includes(gateway.State ?? '')) return { status: 'gone' }
    const attributes = ec2NatGatewayShape.parse({
      ...gateway,
      ...identity(session, type, ec2Arn(session, 'natgateway', gateway.NatGatewayId)),
      TimeCreated: gateway.CreateTime,
    })
    return { status: 'present', attributes }
  },
}

/** AWS shows a gateway for an hour after its end; from `deleting` on nothing brings it back. */
const livingStates = ['pending', 'available', 'failed']
