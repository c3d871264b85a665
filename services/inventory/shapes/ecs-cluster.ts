import * as z from 'zod'
import { common, flag, hidden, list, part, tagList, text, time, whole } from './parts.ts'

const pairs = list(z.object({ Name: text, Value: text }))
const names = list(z.string())
const strategy = list(z.object({ Base: whole, CapacityProvider: text, Weight: whole }))
const network = part({ AwsvpcConfiguration: part({ AssignPublicIp: text, SecurityGroups: names, Subnets: names }) })
const loadBalancers = list(z.object({ ContainerName: text, ContainerPort: whole, LoadBalancerName: text, TargetGroupArn: text }))
const registries = list(z.object({ ContainerName: text, ContainerPort: whole, Port: whole, RegistryArn: text }))
const attachments = list(z.object({ Details: pairs, Id: text, Status: text, Type: text }))
const accelerators = list(z.object({ DeviceName: text, DeviceType: text }))

const { ResourceId: _id, ResourceType: _type, ...own } = common('AWS.ECS.Cluster')
/** The keys that services and tasks share with resources, although they are none of their own. */
const embedded = { ...own, Arn: z.string(), Id: text, Name: text }

const deployment = z.object({
  CapacityProviderStrategy: strategy,
  CreatedAt: time,
  DesiredCount: whole,
  FailedTasks: whole,
  Id: text,
  LaunchType: text,
  NetworkConfiguration: network,
  PendingCount: whole,
  PlatformVersion: text,
  RolloutState: text,
  RolloutStateReason: text,
  RunningCount: whole,
  Status: text,
  TaskDefinition: text,
  UpdatedAt: time,
})

const taskSet = z.object({
  CapacityProviderStrategy: strategy,
  ClusterArn: text,
  ComputedDesiredCount: whole,
  CreatedAt: time,
  ExternalId: text,
  Id: text,
  LaunchType: text,
  LoadBalancers: loadBalancers,
  NetworkConfiguration: network,
  PendingCount: whole,
  PlatformVersion: text,
  RunningCount: whole,
  Scale: part({ Unit: text, Value: z.number().nullable().default(null) }),
  ServiceArn: text,
  ServiceRegistries: registries,
  StabilityStatus: text,
  StabilityStatusAt: time,
  StartedBy: text,
  Status: text,
  Tags: tagList,
  TaskDefinition: text,
  TaskSetArn: text,
  UpdatedAt: time,
})

const service = z.object({
  ...embedded,
  CapacityProviderStrategy: strategy,
  CreatedBy: text,
  DeploymentConfiguration: part({
    DeploymentCircuitBreaker: part({ Enable: flag, Rollback: flag }),
    MaximumPercent: whole,
    MinimumHealthyPercent: whole,
  }),
  DeploymentController: part({ Type: text }),
  Deployments: list(deployment),
  DesiredCount: whole,
  EnableECSManagedTags: flag,
  Events: list(z.object({ CreatedAt: time, Id: text, Message: text })),
  HealthCheckGracePeriodSeconds: whole,
  LaunchType: text,
  LoadBalancers: loadBalancers,
  NetworkConfiguration: network,
  PendingCount: whole,
  PlacementConstraints: list(z.object({ Expression: text, Type: text })),
  PlacementStrategy: list(z.object({ Field: text, Type: text })),
  PlatformVersion: text,
  PropagateTags: text,
  RoleArn: text,
  RunningCount: whole,
  SchedulingStrategy: text,
  ServiceRegistries: registries,
  Status: text,
  TaskDefinition: text,
  TaskSets: list(taskSet),
})

const container = z.object({
  ContainerArn: text,
  Cpu: text,
  ExitCode: whole,
  GpuIds: names,
  HealthStatus: text,
  Image: text,
  ImageDigest: text,
  LastStatus: text,
  Memory: text,
  MemoryReservation: text,
  Name: text,
  NetworkBindings: list(z.object({ BindIP: text, ContainerPort: whole, HostPort: whole, Protocol: text })),
  NetworkInterfaces: list(z.object({ AttachmentId: text, Ipv6Address: text, PrivateIpv4Address: text })),
  Reason: text,
  RuntimeId: text,
  TaskArn: text,
})

const overrides = part({
  ContainerOverrides: list(
    z.object({
      Command: names,
      Cpu: whole,
      Environment: list(z.object({ Name: text, Value: hidden })),
      EnvironmentFiles: list(z.object({ Type: text, Value: text })),
      Memory: whole,
      MemoryReservation: whole,
      Name: text,
      ResourceRequirements: list(z.object({ Type: text, Value: text })),
    }),
  ),
  Cpu: text,
  ExecutionRoleArn: text,
  InferenceAcceleratorOverrides: accelerators,
  Memory: text,
  TaskRoleArn: text,
})

const task = z.object({
  ...embedded,
  Attachments: attachments,
  Attributes: list(z.object({ Name: text, TargetId: text, TargetType: text, Value: text })),
  AvailabilityZone: text,
  CapacityProviderName: text,
  Connectivity: text,
  ConnectivityAt: time,
  ContainerInstanceArn: text,
  Containers: list(container),
  Cpu: text,
  DesiredStatus: text,
  ExecutionStoppedAt: time,
  Group: text,
  HealthStatus: text,
  InferenceAccelerators: accelerators,
  LastStatus: text,
  LaunchType: text,
  Memory: text,
  Overrides: overrides,
  PlatformVersion: text,
  PullStartedAt: time,
  PullStoppedAt: time,
  StartedAt: time,
  StartedBy: text,
  StopCode: text,
  StoppedAt: time,
  StoppedReason: text,
  StoppingAt: time,
  TaskDefinitionArn: text,
  Version: whole,
})

export const ecsClusterShape = z.object({
  ...common('AWS.ECS.Cluster'),
  Arn: z.string(),
  Name: z.string(),
  ClusterArn: text,
  ClusterName: text,
  ActiveServicesCount: whole,
  Attachments: attachments,
  AttachmentsStatus: text,
  CapacityProviders: names,
  DefaultCapacityProviderStrategy: strategy,
  PendingTasksCount: whole,
  RegisteredContainerInstancesCount: whole,
  RunningTasksCount: whole,
  Services: list(service),
  Settings: pairs,
  Statistics: pairs,
  Status: text,
  Tasks: list(task),
})
