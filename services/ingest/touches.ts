import { resourceKey, type AuditEvent, type ResourceRef, type Witness } from '#model'
import { acm } from './touches/acm.ts'
import { cloudformation } from './touches/cloudformation.ts'
import { cloudtrail } from './touches/cloudtrail.ts'
import { config } from './touches/config.ts'
import { dynamodb, scalingOfTables } from './touches/dynamodb.ts'
import { ec2 } from './touches/ec2.ts'
import { ecr } from './touches/ecr.ts'
import { ecs } from './touches/ecs.ts'
import { eks } from './touches/eks.ts'
import { elasticloadbalancing } from './touches/elasticloadbalancing.ts'
import { guardduty } from './touches/guardduty.ts'
import { iam } from './touches/iam.ts'
import { kms } from './touches/kms.ts'
import { lambda } from './touches/lambda.ts'
import { logs } from './touches/logs.ts'
import { rds } from './touches/rds.ts'
import { redshift } from './touches/redshift.ts'
import { s3 } from './touches/s3.ts'
import { secretsmanager } from './touches/secretsmanager.ts'
import { sns } from './touches/sns.ts'
import { sqs } from './touches/sqs.ts'
import { ssm } from './touches/ssm.ts'
import { refsOf, witnessesOf, type Effect, type TouchKind } from './touches/table.ts'
import { waf, wafRegional } from './touches/waf.ts'
import { wafv2 } from './touches/wafv2.ts'

/** An event says that a resource was created, changed or deleted. It only says where to look: the truth is fetched. */
export interface Touch {
  readonly ref: ResourceRef
  /** `report`: a finding is about it, and nothing is known of what it should show. */
  readonly kind: TouchKind | 'report'
  /** What a fetched state shows once it is as new as the event. */
  readonly witnesses: readonly Witness[]
}

const tables: ReadonlyMap<string, ReadonlyMap<string, readonly Effect[]>> = new Map(
  [
    acm,
    cloudformation,
    cloudtrail,
    config,
    dynamodb,
    ec2,
    ecr,
    ecs,
    eks,
    elasticloadbalancing,
    guardduty,
    iam,
    kms,
    lambda,
    logs,
    rds,
    redshift,
    s3,
    ...scalingOfTables,
    secretsmanager,
    sns,
    sqs,
    ssm,
    waf,
    wafRegional,
    wafv2,
  ].map(({ source, events }) => [source, new Map(Object.entries(events))]),
)
const nothing: readonly Touch[] = []

/** The names of a source's events that touch resources; null for a source of which we know none. */
export function eventNamesOf(source: string): ReadonlySet<string> | null {
  const events = tables.get(source)
  return events === undefined ? null : new Set(events.keys())
}

/**
 * The resources that an event touches, or that a finding is about, each once. Failed calls and reads touch nothing; most events find no
 * entry in the tables.
 */
export function touches(event: AuditEvent): readonly Touch[] {
  if (event.about !== undefined) return event.about.map((ref) => ({ ref, kind: 'report', witnesses: [] }))
  const effects = effectsOf(event)
  if (effects === undefined || event.errorCode !== null || event.readOnly) return nothing
  const found = new Map<string, Touch>()
  for (const effect of effects) {
    for (const ref of refsOf(effect, event)) {
      const key = resourceKey(ref)
      if (!found.has(key)) found.set(key, { ref, kind: effect.kind, witnesses: witnessesOf(effect, event) })
    }
  }
  return found.size === 0 ? nothing : [...found.values()]
}

/** Some services, Lambda above all, write the version of their API behind the name: `UpdateFunctionCode20150331v2`. */
function effectsOf({ source, name }: AuditEvent): readonly Effect[] | undefined {
  const table = tables.get(source)
  return table?.get(name) ?? table?.get(name.replace(/20\d{6}(?:v\d+)?$/, ''))
}
