import { at, type AuditEvent, type Json } from '#model'
import { isRegion, partitionOf } from '../region.ts'
import { all, has, is, lacks, tagged, untagged } from './shows.ts'
import { each, readArn, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'
import { associated, unprotected } from './wafv2.ts'

// AWS WAF Classic has two sources with the same events: the web ACLs of the one are never those of the other.

/** For CloudFront: one list an account. */
const globalAcl = namedIn('AWS.WAF.WebACL', 'waf')
/** For load balancers and API stages, in their region. */
const regionalAcl = namedIn('AWS.WAF.Regional.WebACL', 'waf-regional')

/** Web ACLs are named by id, or by ARN where tags and logs are meant. */
function namedIn(type: string, service: string): Named {
  return {
    type,
    ref({ accountId, region: here }, text) {
      const arn = readArn(text)
      if (arn !== null && (arn.service !== service || arn.accountId !== accountId || !arn.resource.startsWith('webacl/')))
        return null
      const id = arn === null ? text : arn.resource.slice('webacl/'.length)
      if (!/^[\w-]{1,128}$/.test(id)) return null
      const region = arn?.region || here
      if (!isRegion(region)) return null
      const where = service === 'waf' ? { region: 'global', arn: '' } : { region, arn: region }
      return {
        accountId,
        region: where.region,
        type,
        id: `arn:${partitionOf(here)}:${service}:${where.arn}:${accountId}:webacl/${id}`,
      }
    },
  }
}

/** The rules that an update puts into a web ACL, or takes out of it. */
const rules =
  (action: string) =>
  ({ record }: AuditEvent): readonly Json[] => {
    const updates = at(record, 'requestParameters', 'updates')
    if (!Array.isArray(updates)) return []
    return (updates as readonly Json[]).flatMap((update) => {
      const RuleId = at(update, 'activatedRule', 'ruleId')
      return at(update, 'action') === action && typeof RuleId === 'string' ? [{ RuleId }] : []
    })
  }

/** A rule that gets another priority or action is taken out and put in by one call. */
const updated = all(
  is('DefaultAction.Type', 'requestParameters.defaultAction.type'),
  has('Rules', rules('INSERT')),
  lacks('Rules', (event) => {
    const kept = new Set(rules('INSERT')(event).map((rule) => JSON.stringify(rule)))
    return rules('DELETE')(event).filter((rule) => !kept.has(JSON.stringify(rule)))
  }),
)

function eventsOf(named: Named): ServiceTable['events'] {
  const touch = (kind: TouchKind, ...from: readonly string[]): Effect => ({ kind, named, from })
  const tag = touch('update', 'requestParameters.resourceARN', 'requestParameters.resourceArn')
  return {
    CreateWebACL: [
      {
        ...touch('create', 'responseElements.webACL.webACLArn', 'responseElements.webACL.webACLId'),
        shows: tagged('requestParameters.tags'),
      },
    ],
    UpdateWebACL: [{ ...touch('update', 'requestParameters.webACLId'), shows: updated }],
    DeleteWebACL: [touch('delete', 'requestParameters.webACLId')],
    ...each(
      ['PutLoggingConfiguration', 'DeleteLoggingConfiguration'],
      touch('update', 'requestParameters.loggingConfiguration.resourceArn', 'requestParameters.resourceArn'),
    ),
    TagResource: [{ ...tag, shows: tagged('requestParameters.tags') }],
    UntagResource: [{ ...tag, shows: untagged('requestParameters.tagKeys') }],
  }
}

/**
 * `UpdateRule` and `UpdateRateBasedRule` change the rule in every web ACL that has it, and name none: the next scan sees that. What
 * is in IP sets, match sets and rule groups is not kept.
 */
export const waf: ServiceTable = { source: 'waf.amazonaws.com', events: eventsOf(globalAcl) }

/** As `waf`; and `DisassociateWebACL` does not say from which web ACL. */
export const wafRegional: ServiceTable = {
  source: 'waf-regional.amazonaws.com',
  events: {
    ...eventsOf(regionalAcl),
    AssociateWebACL: [
      {
        kind: 'update',
        named: regionalAcl,
        from: ['requestParameters.webACLId', 'requestParameters.webAclId'],
        shows: associated,
      },
      { ...unprotected, shows: is('WebAcl.WebACLId', 'requestParameters.webACLId') },
    ],
    DisassociateWebACL: [unprotected],
  },
}
