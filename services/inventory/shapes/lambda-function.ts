import * as z from 'zod'
import { common, flag, hiddenTexts, list, part, text, texts, whole } from './parts.ts'

const names = list(z.string())

export const lambdaFunctionShape = z.object({
  ...common('AWS.Lambda.Function'),
  Tags: texts,
  Arn: z.string(),
  Name: z.string(),
  FunctionArn: text,
  FunctionName: text,
  CodeSha256: text,
  CodeSize: whole,
  DeadLetterConfig: part({ TargetArn: text }),
  Description: text,
  Environment: part({ Error: part({ ErrorCode: text, Message: text }), Variables: hiddenTexts }),
  FunctionUrlConfig: part({
    AuthType: text,
    Cors: part({
      AllowCredentials: flag,
      AllowHeaders: names,
      AllowMethods: names,
      AllowOrigins: names,
      ExposeHeaders: names,
      MaxAge: whole,
    }),
    CreationTime: text,
    FunctionArn: text,
    FunctionUrl: text,
    InvokeMode: text,
    LastModifiedTime: text,
  }),
  Handler: text,
  KMSKeyArn: text,
  LastModified: text,
  Layers: list(z.object({ Arn: text, CodeSize: whole, SigningJobArn: text, SigningProfileVersionArn: text })),
  MasterArn: text,
  MemorySize: whole,
  Policy: part({ Policy: text, RevisionId: text }),
  RevisionId: text,
  Role: text,
  Runtime: text,
  Timeout: whole,
  TracingConfig: part({ Mode: text }),
  Version: text,
  VpcConfig: part({ SecurityGroupIds: names, SubnetIds: names, VpcId: text }),
})
