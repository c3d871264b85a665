import { at, isObject, textAt } from '#model'
import { answered, asKept, asked, image, instance, named, objectsAt, orNothing, textsOf, volume, type Shows } from './ec2-named.ts'
import { all, becomes, has, is, lacks, nothing } from './shows.ts'
import { each, effect, type ServiceTable } from './table.ts'

const listed = ['requestParameters.instancesSet.items[].instanceId']

/**
 * The next scan sees what is done by network interface (`ModifyNetworkInterfaceAttribute`, `DetachNetworkInterface`,
 * `DisassociateAddress`) and so names no instance, the volumes that are made and deleted with an instance, and an image that no
 * instance runs on any more.
 */
export const instances: ServiceTable['events'] = {
  ...each(
    ['RunInstances', 'RunScheduledInstances'],
    effect('create', instance, ['responseElements.instancesSet.items[].instanceId']),
    // Perhaps the first instance on this image, which makes it one of the account's.
    effect('update', image, ['responseElements.instancesSet.items[].imageId'], nothing),
  ),
  ImportInstance: [
    effect('create', instance, [
      'responseElements.conversionTask.importInstance.instanceId',
      'responseElements.conversionTask.instanceId',
    ]),
  ],
  TerminateInstances: [effect('delete', instance, listed)],
  ...each(['StartInstances', 'StopInstances', 'MonitorInstances', 'UnmonitorInstances'], effect('update', instance, listed)),
  // Told by EC2 itself when it takes a spot instance back.
  BidEvictedEvent: [effect('update', instance, ['serviceEventDetails.instanceIdSet[]'])],
  ModifyInstanceAttribute: [effect('update', instance, ['requestParameters.instanceId'], modified())],
  ...named(['ModifyInstanceMetadataOptions'], (name) => [
    effect('update', instance, asked(name, 'InstanceId'), orNothing(all(...metadataOptions(name)))),
  ]),
  ...named(
    [
      'AssociateAddress',
      'AttachNetworkInterface',
      'CreateReplaceRootVolumeTask',
      'ModifyInstanceCapacityReservationAttributes',
      'ModifyInstanceCpuOptions',
      'ModifyInstancePlacement',
      'ResetInstanceAttribute',
    ],
    (name) => [effect('update', instance, asked(name, 'InstanceId'))],
  ),
  ...named(['ModifyInstanceCreditSpecification'], (name) => [
    effect(
      'update',
      instance,
      [
        ...answered(name, 'successfulInstanceCreditSpecificationSet.item[].instanceId'),
        ...answered(name, 'successfulInstanceCreditSpecificationSet.items[].instanceId'),
        ...answered(name, 'items[].instanceId'),
      ],
      nothing,
    ),
  ]),
  ...named(['AssociateIamInstanceProfile', 'ReplaceIamInstanceProfileAssociation'], (name) => [
    effect(
      'update',
      instance,
      [...answered(name, 'iamInstanceProfileAssociation.instanceId'), ...asked(name, 'InstanceId')],
      all(
        ...answered(name, 'iamInstanceProfileAssociation.iamInstanceProfile.arn').map((from) => is('IamInstanceProfile.Arn', from)),
      ),
    ),
  ]),
  ...named(['DisassociateIamInstanceProfile'], (name) => [
    effect('update', instance, answered(name, 'iamInstanceProfileAssociation.instanceId'), becomes('IamInstanceProfile', null)),
  ]),
  AttachVolume: [
    effect('update', volume, oneOf('volumeId'), has('Attachments', ofInstance)),
    effect('update', instance, oneOf('instanceId'), has('BlockDeviceMappings', ofVolume)),
  ],
  DetachVolume: [
    effect('update', volume, oneOf('volumeId'), lacks('Attachments', ofInstance)),
    effect('update', instance, oneOf('instanceId'), lacks('BlockDeviceMappings', ofVolume)),
  ],
}

/** A detachment need not name the instance: then the response does. */
function oneOf(member: string): readonly string[] {
  return [`requestParameters.${member}`, `responseElements.${member}`]
}
function ofInstance(event: Parameters<Shows>[0]) {
  return textsOf(event, oneOf('instanceId')).map((InstanceId) => ({ InstanceId }))
}
function ofVolume(event: Parameters<Shows>[0]) {
  return textsOf(event, oneOf('volumeId')).map((VolumeId) => ({ Ebs: { VolumeId } }))
}

function metadataOptions(event: string): readonly Shows[] {
  return ['HttpEndpoint', 'HttpTokens', 'HttpPutResponseHopLimit'].flatMap((option) =>
    asked(event, option).map((from) => is(`MetadataOptions.${option}`, from, asKept)),
  )
}

/** What a call may set that an instance does not show. */
const unseen = new Set(['instanceId', 'disableApiStop', 'disableApiTermination', 'instanceInitiatedShutdownBehavior', 'userData'])

function modified(): Shows {
  const told = all(
    is('EbsOptimized', 'requestParameters.ebsOptimized.value'),
    is('EnaSupport', 'requestParameters.enaSupport.value'),
    is('InstanceType', 'requestParameters.instanceType.value'),
    is('SourceDestCheck', 'requestParameters.sourceDestCheck.value'),
    has('SecurityGroups', (event) =>
      objectsAt(event, 'requestParameters.groupSet').flatMap((group) => {
        const GroupId = textAt(group, 'groupId')
        return GroupId === null ? [] : [{ GroupId }]
      }),
    ),
  )
  return (event) => {
    const request = at(event.record, 'requestParameters')
    const attribute = textAt(request, 'attribute')
    const names = attribute === null ? Object.keys(isObject(request) ? request : {}) : [attribute]
    const isUnseen = names.every((name) => unseen.has(name))
    return isUnseen ? [{ kind: 'nothing' }] : told(event)
  }
}
