import { at, textAt, type AuditEvent, type JsonObject } from '#model'
import { answered, asKept, asked, image, named, objectsAt, orNothing, snapshot, textsOf, volume, type Shows } from './ec2-named.ts'
import { all, becomes, has, is, lacks, nothing } from './shows.ts'
import { effect, type ServiceTable } from './table.ts'

/**
 * A snapshot that is deleted or shared does not say of which volume it is: the volume shows it at the next scan, the snapshot at
 * once. So does the scan see the snapshots that are made with an image.
 */
export const storage: ServiceTable['events'] = {
  ...named(['CreateImage', 'CopyImage', 'RegisterImage', 'ImportImage', 'CreateRestoreImageTask'], (name) => [
    effect('create', image, answered(name, 'imageId')),
  ]),
  ...named(['RestoreImageFromRecycleBin'], (name) => [effect('create', image, asked(name, 'ImageId'))]),
  ...named(['DeregisterImage'], (name) => [effect('delete', image, asked(name, 'ImageId'))]),
  ModifyImageAttribute: [effect('update', image, ['requestParameters.imageId'], offered)],
  ResetImageAttribute: [effect('update', image, ['requestParameters.imageId'], becomes('Public', false))],
  ...named(['DisableImage'], (name) => [effect('update', image, asked(name, 'ImageId'), becomes('State', 'disabled'))]),
  ...named(['EnableImage'], (name) => [effect('update', image, asked(name, 'ImageId'), becomes('State', 'available'))]),

  ...named(['CreateVolume'], (name) => [effect('create', volume, answered(name, 'volumeId'))]),
  ...named(['CopyVolumes'], (name) => [
    effect('create', volume, [...answered(name, 'volumeSet.items[].volumeId'), ...answered(name, 'volumeSet.item[].volumeId')]),
  ]),
  ImportVolume: [
    effect('create', volume, [
      'responseElements.conversionTask.importVolume.volume.id',
      'responseElements.conversionTask.volume.id',
    ]),
  ],
  DeleteVolume: [effect('delete', volume, ['requestParameters.volumeId'])],
  ...named(['ModifyVolume'], (name) => [
    effect(
      'update',
      volume,
      asked(name, 'VolumeId'),
      orNothing(all(...['Iops', 'Size', 'VolumeType'].flatMap((key) => asked(name, key).map((from) => is(key, from, asKept))))),
    ),
  ]),
  ...named(['ModifyVolumeAttribute'], (name) => [effect('update', volume, asked(name, 'VolumeId'), nothing)]),

  CreateSnapshot: [
    effect('create', snapshot, ['responseElements.snapshotId']),
    effect(
      'update',
      volume,
      ['requestParameters.volumeId'],
      has('Snapshots', (event) => textsOf(event, ['responseElements.snapshotId']).map((SnapshotId) => ({ SnapshotId }))),
    ),
  ],
  ...named(['CreateSnapshots'], (name) => [
    effect('create', snapshot, [
      ...answered(name, 'snapshotSet.items[].snapshotId'),
      ...answered(name, 'snapshotSet.item[].snapshotId'),
    ]),
    effect('update', volume, [...answered(name, 'snapshotSet.items[].volumeId'), ...answered(name, 'snapshotSet.item[].volumeId')]),
  ]),
  ...named(['CopySnapshot'], (name) => [effect('create', snapshot, answered(name, 'snapshotId'))]),
  ...named(['RestoreSnapshotFromRecycleBin'], (name) => [effect('create', snapshot, asked(name, 'SnapshotId'))]),
  DeleteSnapshot: [effect('delete', snapshot, ['requestParameters.snapshotId'])],
  ModifySnapshotAttribute: [effect('update', snapshot, ['requestParameters.snapshotId'], shared)],
  ResetSnapshotAttribute: [effect('update', snapshot, ['requestParameters.snapshotId'], becomes('CreateVolumePermissions', null))],
  ...named(['ModifySnapshotTier', 'RestoreSnapshotTier'], (name) => [effect('update', snapshot, asked(name, 'SnapshotId'))]),
}

/** An image shows whether all may start it, not which accounts. */
function offered(event: AuditEvent): ReturnType<Shows> {
  const toAll = (what: string): boolean =>
    objectsAt(event, `requestParameters.launchPermission.${what}`).some(({ group }) => group === 'all')
  if (toAll('add')) return becomes('Public', true)(event)
  if (toAll('remove')) return becomes('Public', false)(event)
  if (at(event.record, 'requestParameters', 'description') === undefined) return nothing(event)
  return is('Description', 'requestParameters.description.value')(event)
}

function shared(event: AuditEvent): ReturnType<Shows> {
  const permissions = (what: string): readonly JsonObject[] => {
    const each = objectsAt(event, `requestParameters.createVolumePermission.${what}`)
    const texts = (key: string): readonly string[] => each.flatMap((permission) => textAt(permission, key) ?? [])
    return [...texts('userId').map((UserId) => ({ UserId })), ...texts('group').map((Group) => ({ Group }))]
  }
  return all(
    has('CreateVolumePermissions', () => permissions('add')),
    lacks('CreateVolumePermissions', () => permissions('remove')),
  )(event)
}
