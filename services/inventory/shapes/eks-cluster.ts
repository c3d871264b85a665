import * as z from 'zod'
import { common, flag, list, part, text, texts, whole } from './parts.ts'

const names = list(z.string())
const { ResourceId: _id, ResourceType: _type, ...own } = common('AWS.EKS.Cluster')
/** The keys that node groups and Fargate profiles share with resources, although they are none of their own. */
const embedded = { ...own, Tags: texts, Arn: z.string(), Id: text, Name: text }

const nodeGroup = z.object({
  ...embedded,
  AmiType: text,
  DiskSize: whole,
  Health: part({ Issues: list(z.object({ Code: text, Message: text, ResourceIds: names })) }),
  InstanceTypes: names,
  LaunchTemplate: part({ Id: text, Name: text, Version: text }),
  NodeRole: text,
  NodegroupArn: text,
  NodegroupName: text,
  ReleaseVersion: text,
  RemoteAccess: part({ Ec2SshKey: text, SourceSecurityGroups: names }),
  Resources: part({ AutoScalingGroups: list(z.object({ Name: text })), RemoteAccessSecurityGroup: text }),
  ScalingConfig: part({ DesiredSize: whole, MaxSize: whole, MinSize: whole }),
  Subnets: names,
  Version: text,
})

const fargateProfile = z.object({
  ...embedded,
  FargateProfileArn: text,
  FargateProfileName: text,
  PodExecutionRoleArn: text,
  Selectors: list(z.object({ Labels: texts, Namespace: text })),
  Status: text,
  Subnets: names,
})

export const eksClusterShape = z.object({
  ...common('AWS.EKS.Cluster'),
  Tags: texts,
  Arn: z.string(),
  Name: z.string(),
  CertificateAuthority: part({ Data: text }),
  EncryptionConfig: list(z.object({ Provider: part({ KeyArn: text }), Resources: names })),
  Endpoint: text,
  FargateProfile: list(fargateProfile),
  Identity: part({ Oidc: part({ Issuer: text }) }),
  Logging: part({ ClusterLogging: list(z.object({ Enabled: flag, Types: names })) }),
  NodeGroup: list(nodeGroup),
  PlatformVersion: text,
  ResourcesVpcConfig: part({
    ClusterSecurityGroupId: text,
    EndpointPrivateAccess: flag,
    EndpointPublicAccess: flag,
    PublicAccessCidrs: names,
    SecurityGroupIds: names,
    SubnetIds: names,
    VpcId: text,
  }),
  RoleArn: text,
  Status: text,
  Version: text,
})
