import type { DescribeInstancesResult, Instance } from '@aws-sdk/client-ec2'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, idPages, lastPart } from '../reading.ts'
import { ec2InstanceShape } from '../shapes/ec2-instance.ts'
import { ec2Arn, identity } from './ec2.ts'

const type = 'AWS.EC2.Instance'

/** `arn:aws:ec2:{region}:{accountId}:instance/{i-id}`, read in one call. User data is not read: it may hold secrets. */
export const ec2Instance: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  volatile: [
    'BlockDeviceMappings[].Ebs.Status',
    'ElasticGpuAssociations[].ElasticGpuAssociationState',
    'ElasticInferenceAcceleratorAssociations[].ElasticInferenceAcceleratorAssociationState',
    'MetadataOptions.State',
    'NetworkInterfaces[].Attachment.Status',
    'NetworkInterfaces[].Status',
  ],
  async *list(session, token) {
    const { paginateDescribeInstances } = await import('@aws-sdk/client-ec2')
    const paging = { client: await session.client('ec2'), pageSize: 1_000, ...after(token) }
    yield* idPages(
      paginateDescribeInstances(paging, { Filters: [{ Name: 'instance-state-name', Values: livingStates }] }),
      (page) => instancesOf(page).map(({ InstanceId }) => ec2Arn(session, 'instance', InstanceId)),
      ({ NextToken }) => NextToken,
    )
  },
  async fetch(session, ref) {
    const { DescribeInstancesCommand } = await import('@aws-sdk/client-ec2')
    const ec2 = await session.client('ec2')
    const command = new DescribeInstancesCommand({ InstanceIds: [lastPart(ref.id)] })
    const [instance] = instancesOf((await unless(ec2.send(command), 'InvalidInstanceID.NotFound')) ?? {})
    if (instance === undefined || !livingStates.includes(instance.State?.Name ?? '')) return { status: 'gone' }
    const attributes = ec2InstanceShape.parse({
      ...instance,
      ...identity(session, type, ec2Arn(session, 'instance', instance.InstanceId)),
      TimeCreated: instance.LaunchTime,
    })
    return { status: 'present', attributes }
  },
}

/** AWS shows an instance for an hour after its end; from `shutting-down` on nothing brings it back. */
export const livingStates = ['pending', 'running', 'stopping', 'stopped']

export function instancesOf({ Reservations }: DescribeInstancesResult): readonly Instance[] {
  return (Reservations ?? []).flatMap(({ Instances }) => Instances ?? [])
}
