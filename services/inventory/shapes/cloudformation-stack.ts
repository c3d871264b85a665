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
  Outputs: list(z.object({ Description: text, ExportName: text, OutputKey: text, OutputValue: text })),
  Parameters: list(z.object({ ParameterKey: text, ParameterValue: text, ResolvedValue: text, UsePreviousValue: flag })),
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
