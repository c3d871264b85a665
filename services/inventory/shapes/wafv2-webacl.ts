import * as z from 'zod'
import type { Json, JsonObject } from '#model'
import { common, flag, list, part, text, whole } from './parts.ts'
import { associated } from './waf-webacl.ts'

/** Statements nest without end, and new kinds come every year: kept whole, as AWS words them. */
const asIs = z
  .record(z.string(), z.unknown())
  .nullable()
  .default(null)
  .transform((given) => (given === null ? null : (plain(given) as JsonObject)))

function plain(value: unknown): Json {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value as Json
  return Object.fromEntries(Object.entries(value).flatMap(([key, each]) => (each === undefined ? [] : [[key, plain(each)]])))
}

const headers = list(z.object({ Name: text, Value: text }))
const inserted = part({ CustomRequestHandling: part({ InsertHeaders: headers }) })
const block = part({ CustomResponse: part({ CustomResponseBodyKey: text, ResponseCode: whole, ResponseHeaders: headers }) })
const immunity = part({ ImmunityTimeProperty: part({ ImmunityTime: whole }) })
const visibility = part({ CloudWatchMetricsEnabled: flag, MetricName: text, SampledRequestsEnabled: flag })
const override = part({ Count: inserted, None: part({}) })

const rule = z.object({
  Action: part({
    Allow: inserted,
    Block: block,
    Captcha: inserted,
    Challenge: inserted,
    Count: inserted,
    Monetize: part({ PriceMultiplier: text }),
  }),
  CaptchaConfig: immunity,
  ChallengeConfig: immunity,
  Name: text,
  OverrideAction: override,
  Priority: whole,
  RuleLabels: list(z.object({ Name: text })),
  Statement: asIs,
  VisibilityConfig: visibility,
})

const managed = list(
  z.object({
    FirewallManagerStatement: asIs,
    Name: text,
    OverrideAction: override,
    Priority: whole,
    VisibilityConfig: visibility,
  }),
)

/** `AWS.WAFv2.WebACL` */
export const wafv2WebAclShape = z
  .object({
    ...common('AWS.WAFv2.WebACL'),
    Arn: z.string(),
    Id: z.string(),
    Name: z.string(),
    ApplicationConfig: part({ Attributes: list(z.object({ Name: text, Values: list(z.string()) })) }),
    AssociatedResources: associated,
    AssociationConfig: part({
      RequestBody: z
        .record(z.string(), z.object({ DefaultSizeInspectionLimit: text }))
        .nullable()
        .default(null),
    }),
    Capacity: whole,
    CaptchaConfig: immunity,
    ChallengeConfig: immunity,
    CustomResponseBodies: z
      .record(z.string(), z.object({ Content: text, ContentType: text }))
      .nullable()
      .default(null),
    DataProtectionConfig: part({
      DataProtections: list(
        z.object({
          Action: text,
          ExcludeRateBasedDetails: flag,
          ExcludeRuleMatchDetails: flag,
          Field: part({ FieldKeys: list(z.string()), FieldType: text }),
        }),
      ),
    }),
    DefaultAction: part({ Allow: inserted, Block: block }),
    Description: text,
    LabelNamespace: text,
    LoggingConfiguration: part({
      LogDestinationConfigs: list(z.string()),
      LogScope: text,
      LogType: text,
      LoggingFilter: part({
        DefaultBehavior: text,
        Filters: list(
          z.object({
            Behavior: text,
            Conditions: list(z.object({ ActionCondition: part({ Action: text }), LabelNameCondition: part({ LabelName: text }) })),
            Requirement: text,
          }),
        ),
      }),
      ManagedByFirewallManager: flag,
      RedactedFields: list(asIs),
      ResourceArn: text,
    }),
    ManagedByFirewallManager: flag,
    MonetizationConfig: asIs,
    OnSourceDDoSProtectionConfig: part({ ALBLowReputationMode: text }),
    PostProcessFirewallManagerRuleGroups: managed,
    PreProcessFirewallManagerRuleGroups: managed,
    RetrofittedByFirewallManager: flag,
    Rules: list(rule),
    Scope: text,
    TokenDomains: list(z.string()),
    VisibilityConfig: visibility,
    WebACLId: z.string(),
  })
  .describe("CloudFront's have `global/webacl/` in their id, and are listed and read in us-east-1.")
