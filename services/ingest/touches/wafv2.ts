import { textAt } from '#model'
import { isRegion, partitionOf } from '../region.ts'
import { becomes, has, is, tagged, untagged } from './shows.ts'
import { each, readArn, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'

const type = 'AWS.WAFv2.WebACL'

/**
 * Web ACLs are named by ARN, or by id together with name and scope. Tags and logs are of rule groups and sets too, which are not
 * ours, and a call across accounts is told to both.
 */
const webAcl: Named = {
  type,
  ref(event, text) {
    const arn = readArn(text) ?? readArn(arnOf(event.region, event.accountId, event.record, text))
    if (arn?.service !== 'wafv2' || arn.accountId !== event.accountId || !isRegion(arn.region)) return null
    if (!/^(?:regional|global)\/webacl\/[\w-]+\/[\w-]+$/.test(arn.resource)) return null
    const { accountId, region, resource } = arn
    return { accountId, region, type, id: `arn:${partitionOf(region)}:wafv2:${region}:${accountId}:${resource}` }
  },
}

function arnOf(region: string, accountId: string, record: Parameters<typeof textAt>[0], id: string): string {
  const [name, scope] = ['name', 'scope'].map((key) => textAt(record, 'requestParameters', key))
  if (name === null) return ''
  const [where, path] = scope === 'CLOUDFRONT' ? ['us-east-1', 'global'] : [region, 'regional']
  return `arn:aws:wafv2:${where}:${accountId}:${path}/webacl/${name}/${id}`
}

/** The load balancer that a web ACL is put before. */
const balancer: Named = {
  type: 'AWS.ELBV2.ApplicationLoadBalancer',
  ref({ accountId }, text) {
    const arn = readArn(text)
    if (arn?.service !== 'elasticloadbalancing' || arn.accountId !== accountId || !isRegion(arn.region)) return null
    if (!arn.resource.startsWith('loadbalancer/app/')) return null
    return { accountId, region: arn.region, type: 'AWS.ELBV2.ApplicationLoadBalancer', id: text }
  },
}
/** It shows in the web ACL by the ARN that the call has. */
export const associated = has('AssociatedResources', ({ record }) => {
  const arn = textAt(record, 'requestParameters', 'resourceArn')
  return arn?.includes(':loadbalancer/app/') === true ? [arn] : []
})

const touch = (kind: TouchKind, ...from: readonly string[]): Effect => ({ kind, named: webAcl, from })
const byId = 'requestParameters.id'
const tag = touch('update', 'requestParameters.resourceARN', 'requestParameters.resourceArn')
const logs = touch('update', 'requestParameters.loggingConfiguration.resourceArn', 'requestParameters.resourceArn')
const ofBalancer: Effect = { kind: 'update', named: balancer, from: ['requestParameters.resourceArn'] }
/** The load balancer's side of a call that takes a web ACL away from it, of either WAF. */
export const unprotected: Effect = { ...ofBalancer, shows: becomes('WebAcl', null) }

/**
 * `DisassociateWebACL` does not say from which web ACL: the next scan sees it there. Rule groups, IP sets and pattern sets are kept
 * by ARN alone, so their changes are none of the web ACL.
 */
export const wafv2: ServiceTable = {
  source: 'wafv2.amazonaws.com',
  events: {
    CreateWebACL: [
      {
        ...touch('create', 'responseElements.summary.aRN', 'responseElements.summary.arn'),
        shows: tagged('requestParameters.tags'),
      },
    ],
    UpdateWebACL: [touch('update', byId)],
    DeleteWebACL: [touch('delete', byId)],
    AssociateWebACL: [
      { ...touch('update', 'requestParameters.webACLArn'), shows: associated },
      { ...ofBalancer, shows: is('WebAcl.ARN', 'requestParameters.webACLArn') },
    ],
    DisassociateWebACL: [unprotected],
    ...each(['PutLoggingConfiguration', 'DeleteLoggingConfiguration'], logs),
    ...each(['PutFirewallManagerRuleGroups', 'DeleteFirewallManagerRuleGroups'], touch('update', 'requestParameters.webACLArn')),
    TagResource: [{ ...tag, shows: tagged('requestParameters.tags') }],
    UntagResource: [{ ...tag, shows: untagged('requestParameters.tagKeys') }],
  },
}
