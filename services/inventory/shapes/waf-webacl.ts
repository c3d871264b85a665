import * as z from 'zod'
import { common, flag, list, part, text, whole } from './parts.ts'

/** Distributions are CloudFront's to tell. */
export const associated = z
  .array(z.string())
  .nullable()
  .default(null)
  .describe('may be empty; null when not known, which is so for CloudFront')

const ending = 'Of AWS WAF Classic, which AWS is ending; it told its users 30 September 2025 as the last day of support.'

/** Global and regional web ACLs of AWS WAF Classic look alike. */
const webAcl = {
  Arn: z.string(),
  Id: z.string(),
  Name: text,
  AssociatedResources: associated,
  DefaultAction: part({ Type: text }),
  LoggingConfiguration: part({
    LogDestinationConfigs: list(z.string()),
    RedactedFields: list(z.object({ Data: text, Type: text })),
    ResourceArn: text,
  }),
  MetricName: text,
  Rules: list(
    z.object({
      Action: part({ Type: text }),
      ExcludedRules: list(z.object({ RuleId: text })),
      MetricName: text,
      Name: text,
      OverrideAction: part({ Type: text }),
      Predicates: list(z.object({ DataId: text, Negated: flag, Type: text })),
      Priority: whole,
      RuleId: text,
      Type: text,
    }),
  ),
  WebACLId: z.string(),
}

/** `AWS.WAF.WebACL` */
export const wafWebAclShape = z.object({ ...common('AWS.WAF.WebACL'), ...webAcl }).describe(ending)
/** `AWS.WAF.Regional.WebACL` */
export const wafRegionalWebAclShape = z.object({ ...common('AWS.WAF.Regional.WebACL'), ...webAcl }).describe(ending)
