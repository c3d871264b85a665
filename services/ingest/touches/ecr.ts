import { textAt } from '#model'
import { isRegion, partitionOf } from '../region.ts'
import { becomes, is, tagged, untagged } from './shows.ts'
import { each, effect, readArn, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'

const type = 'AWS.ECR.Repository'

/** By name, in the caller's own registry unless the call names another's, or by ARN. */
const repository: Named = {
  type,
  ref(event, text) {
    const { accountId } = event
    const arn = readArn(text)
    if (arn !== null && (arn.service !== 'ecr' || arn.accountId !== accountId || !arn.resource.startsWith('repository/')))
      return null
    if ((textAt(event.record, 'requestParameters', 'registryId') ?? accountId) !== accountId) return null
    const name = arn === null ? text : arn.resource.slice('repository/'.length)
    const region = arn?.region ?? event.region
    if (!/^[a-z0-9][a-z0-9._/-]{1,255}$/.test(name) || !isRegion(region)) return null
    return { accountId, region, type, id: `arn:${partitionOf(region)}:ecr:${region}:${accountId}:repository/${name}` }
  },
}

function touch(kind: TouchKind, shows?: Effect['shows'], from = 'requestParameters.repositoryName'): Effect {
  return effect(kind, repository, [from], shows)
}

/** How the whole registry scans (`PutRegistryScanningConfiguration`) names no repository: the next scan sees what it changes. */
export const ecr: ServiceTable = {
  source: 'ecr.amazonaws.com',
  events: {
    CreateRepository: [touch('create', tagged('requestParameters.tags'))],
    DeleteRepository: [touch('delete')],
    PutImageTagMutability: [touch('update', is('ImageTagMutability', 'requestParameters.imageTagMutability'))],
    PutImageScanningConfiguration: [
      touch('update', is('ImageScanningConfiguration.ScanOnPush', 'requestParameters.imageScanningConfiguration.scanOnPush')),
    ],
    ...each(['SetRepositoryPolicy', 'PutLifecyclePolicy'], touch('update')),
    DeleteRepositoryPolicy: [touch('update', becomes('PolicyText', null))],
    DeleteLifecyclePolicy: [touch('update', becomes('LifecyclePolicyText', null))],
    TagResource: [touch('update', tagged('requestParameters.tags'), 'requestParameters.resourceArn')],
    UntagResource: [touch('update', untagged('requestParameters.tagKeys'), 'requestParameters.resourceArn')],
  },
}
