import * as z from 'zod'
import { common, flag, list, part, text, time, whole } from './parts.ts'

const drift = z.object({
  ActualProperties: text,
  ExpectedProperties: text,
  LogicalResourceId: text,
  ModuleInfo: part({ LogicalIdHierarchy: text, TypeHierarchy: text }),
  PhysicalResourceId: text,
  PhysicalResourceIdContext: list(z.object({ Key: text, Value: text })),
  PropertyDifferences: list(z.object({ ActualValue: text, DifferenceType: text, ExpectedValue: text, PropertyPath: text })),
  ResourceType: text,
  StackId: text,
  StackResourceDriftStatus: text,
  Timestamp: time,
})

/** AWS hides what is marked NoEcho; what is only named as a secret, we do. */
const secretive = /pass(?:word|phrase)|secret|token|credential|private.?key|api.?key/iu
const maskOf = (value: string | null): string | null => (value === null ? null : '***')

const output = z
  .object({ Description: text, ExportName: text, OutputKey: text, OutputValue: text })
  .transform((given) => (isSecret(given.OutputKey) ? { ...given, OutputValue: maskOf(given.OutputValue) } : given))
const parameter = z
  .object({ ParameterKey: text, ParameterValue: text, ResolvedValue: text, UsePreviousValue: flag })
  .transform((given) =>
    isSecret(given.ParameterKey)
      ? { ...given, ParameterValue: maskOf(given.ParameterValue), ResolvedValue: maskOf(given.ResolvedValue) }
      : given,
  )

function isSecret(key: string | null): boolean {
  return key !== null && secretive.test(key)
}

export const cloudformationStackShape = z.object({
  ...common('AWS.CloudFormation.Stack'),
  Arn: z.string(),
  Id: z.string(),
  Name: z.string(),
  StackId: text,
  StackName: text,
  Capabilities: list(z.string()),
  ChangeSetId: text,
  DeletionTime: time,
  Description: text,
  DisableRollback: flag,
  DriftInformation: part({ LastCheckTimestamp: time, StackDriftStatus: text }),
  Drifts: list(drift),
  EnableTerminationProtection: flag,
  LastUpdatedTime: time,
  NotificationARNs: list(z.string()),
  Outputs: list(output),
  Parameters: list(parameter),
  ParentId: text,
  RoleARN: text,
  RollbackConfiguration: part({
    MonitoringTimeInMinutes: whole,
    RollbackTriggers: list(z.object({ Arn: text, Type: text })),
  }),
  RootId: text,
  StackStatus: text,
  StackStatusReason: text,
  TimeoutInMinutes: whole,
})
