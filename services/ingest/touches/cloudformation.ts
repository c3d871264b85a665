import { partitionOf } from '../region.ts'
import { is, tagged } from './shows.ts'
import { each, readArn, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'

const type = 'AWS.CloudFormation.Stack'

/** Stacks are named by name or by their full id, `…:stack/{name}/{uuid}`: both mean the one that has the name now. */
const stack: Named = {
  type,
  ref({ accountId, region }, text) {
    const arn = readArn(text)
    if (arn !== null && (arn.service !== 'cloudformation' || arn.accountId !== accountId)) return null
    const name = /^stack\/([A-Za-z][A-Za-z0-9-]{0,127})(?:\/[\w-]+)?$/.exec(arn === null ? `stack/${text}` : arn.resource)?.[1]
    if (name === undefined) return null
    const where = arn?.region ?? region
    return { accountId, region: where, type, id: `arn:${partitionOf(where)}:cloudformation:${where}:${accountId}:stack/${name}` }
  },
}

const touch = (kind: TouchKind): Effect => ({
  kind,
  named: stack,
  from: ['responseElements.stackId', 'requestParameters.stackName'],
})

/**
 * A change set that is executed by its ARN does not say of which stack it is, and no event says when CloudFormation has done what it
 * was told: the next scan sees both. The stacks of a stack set are created, changed and deleted by calls in their own accounts.
 */
export const cloudformation: ServiceTable = {
  source: 'cloudformation.amazonaws.com',
  events: {
    CreateStack: [{ ...touch('create'), shows: tagged('requestParameters.tags') }],
    DeleteStack: [touch('delete')],
    // Makes the stack too, when that is not there; on one that is it shows only once it is executed.
    CreateChangeSet: [{ ...touch('update'), shows: () => [{ kind: 'present' }] }],
    UpdateTerminationProtection: [
      { ...touch('update'), shows: is('EnableTerminationProtection', 'requestParameters.enableTerminationProtection') },
    ],
    ...each(
      [
        'UpdateStack',
        'CancelUpdateStack',
        'ExecuteChangeSet',
        'ContinueUpdateRollback',
        'RollbackStack',
        'DetectStackDrift',
        'DetectStackResourceDrift',
      ],
      touch('update'),
    ),
  },
}
