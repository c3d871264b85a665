import * as z from 'zod'
import { common, list, text } from './parts.ts'

export const ec2InternetGatewayShape = z.object({
  ...common('AWS.EC2.InternetGateway'),
  Arn: z.string(),
  Id: z.string(),
  Attachments: list(z.object({ State: text, VpcId: text })),
  InternetGatewayId: text,
  OwnerId: text,
})
