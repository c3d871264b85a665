import { at, textAt, type AuditEvent, type ResourceRef } from '#model'
import { isRegion, partitionOf } from '../region.ts'
import { all, becomes, is, tagged, untagged } from './shows.ts'
import { each, effect, readArn, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'

const type = 'AWS.SecretsManager.Secret'

/**
 * By name, or by ARN with or without the six letters that AWS puts behind the name. Most events tell only the name, so references
 * have `-??????` in their place, always, and one secret is one reference. The fetched attributes have the full ARN.
 */
const secret: Named = {
  type,
  ref(event, text) {
    const arn = readArn(text)
    if (arn === null) return refTo(event, event.region, text)
    const { service, accountId, resource } = arn
    if (service !== 'secretsmanager' || accountId !== event.accountId || !resource.startsWith('secret:')) return null
    return refTo(event, arn.region, resource.slice('secret:'.length).replace(/-[A-Za-z0-9]{6}$/, ''))
  },
}

function refTo({ accountId }: AuditEvent, region: string, name: string): ResourceRef | null {
  if (!/^[\w/+=.@!-]{1,512}$/.test(name) || !isRegion(region)) return null
  return { accountId, region, type, id: `arn:${partitionOf(region)}:secretsmanager:${region}:${accountId}:secret:${name}-??????` }
}

const askedFor = ['requestParameters.secretId', 'requestParameters.name']

/** The copy of a secret in the region that is named: all but the region is the same. */
const replica: Named = {
  type,
  ref(event, region) {
    const text = askedFor.map((path) => textAt(event.record, ...path.split('.'))).find((found) => found !== null) ?? ''
    const here = secret.ref(event, text)
    if (here === null || !isRegion(region)) return null
    return { ...here, region, id: here.id.replace(`:${here.region}:`, `:${region}:`) }
  },
}

/** A deletion at once. Any other waits some days, and until then the secret is there. */
const forced: Named = {
  type,
  ref: (event, text) =>
    at(event.record, 'requestParameters', 'forceDeleteWithoutRecovery') === true ? secret.ref(event, text) : null,
}

function touch(kind: TouchKind, shows?: Effect['shows'], named = secret, from: readonly string[] = askedFor): Effect {
  return effect(kind, named, from, shows)
}

export const secretsmanager: ServiceTable = {
  source: 'secretsmanager.amazonaws.com',
  events: {
    CreateSecret: [
      touch('create', tagged('requestParameters.tags')),
      touch('create', undefined, replica, ['requestParameters.addReplicaRegions[].region']),
    ],
    DeleteSecret: [touch('delete', undefined, forced), touch('update')],
    RestoreSecret: [touch('update', becomes('DeletedDate', null))],
    RotateSecret: [
      touch(
        'update',
        all(
          becomes('RotationEnabled', true),
          is('RotationLambdaARN', 'requestParameters.rotationLambdaARN'),
          is('RotationRules.AutomaticallyAfterDays', 'requestParameters.rotationRules.automaticallyAfterDays'),
          is('RotationRules.ScheduleExpression', 'requestParameters.rotationRules.scheduleExpression'),
        ),
      ),
    ],
    CancelRotateSecret: [touch('update', becomes('RotationEnabled', false))],
    DeleteResourcePolicy: [touch('update', becomes('ResourcePolicy', null))],
    TagResource: [touch('update', tagged('requestParameters.tags'))],
    UntagResource: [touch('update', untagged('requestParameters.tagKeys'))],
    ReplicateSecretToRegions: [
      touch('update'),
      touch('create', undefined, replica, ['requestParameters.addReplicaRegions[].region']),
    ],
    RemoveRegionsFromReplication: [
      touch('update'),
      touch('delete', undefined, replica, ['requestParameters.removeReplicaRegions[]']),
    ],
    ...each(
      ['UpdateSecret', 'PutSecretValue', 'UpdateSecretVersionStage', 'PutResourcePolicy', 'StopReplicationToReplica'],
      touch('update'),
    ),
    // Made by Secrets Manager itself.
    ...each(
      ['RotationSucceeded', 'RotationFailed', 'RotationAbandoned'],
      touch('update', undefined, secret, ['additionalEventData.SecretId', 'serviceEventDetails.secretId']),
    ),
  },
}
