import { at, textAt, type AuditEvent, type Json, type Witness } from '#model'
import { is, has, lacks, tagged, untagged } from './shows.ts'
import { readArn, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'

const type = 'AWS.ELBV2.ApplicationLoadBalancer'

/** Named by ARN in another form than classic load balancers, which share the event source: those have no kind in theirs. */
function named(form: RegExp): Named {
  return {
    type,
    ref({ accountId }, text) {
      const arn = readArn(text)
      if (arn?.service !== 'elasticloadbalancing' || arn.accountId !== accountId) return null
      const path = form.exec(arn.resource)?.[1]
      if (path === undefined) return null
      const { region } = arn
      return { accountId, region, type, id: text.slice(0, -arn.resource.length) + `loadbalancer/${path}` }
    },
  }
}
/** A load balancer (but not its listeners, target groups or trust stores) by its ARN. */
const loadBalancer = named(/^loadbalancer\/((?:app|net|gateway)\/[\w-]+\/[0-9a-f]+)$/)
const ofListener = named(/^listener\/((?:app|net|gateway)\/[\w-]+\/[0-9a-f]+)\/[0-9a-f]+$/)

const touch = (kind: TouchKind, from = 'requestParameters.loadBalancerArn'): Effect => ({ kind, named: loadBalancer, from: [from] })
const listener: Effect = { kind: 'update', named: ofListener, from: ['requestParameters.listenerArn'] }

const created = (event: AuditEvent): readonly Json[] => {
  const listeners = at(event.record, 'responseElements', 'listeners')
  return Array.isArray(listeners) ? (listeners as readonly Json[]).flatMap((each) => listenerIn(each)) : []
}
const deleted = (event: AuditEvent): readonly Json[] => listenerIn(at(event.record, 'requestParameters'))
const listenerIn = (value: Json | undefined): readonly Json[] => {
  const ListenerArn = textAt(value, 'listenerArn')
  return ListenerArn === null ? [] : [{ ListenerArn }]
}
const groups = (event: AuditEvent): readonly Witness[] => {
  const value = at(event.record, 'requestParameters', 'securityGroups')
  return Array.isArray(value) ? [{ kind: 'is', path: ['SecurityGroups'], value }] : []
}

/**
 * Rules, further certificates, target groups and attributes of a load balancer are not kept. Who puts a web ACL on one, or takes it
 * away, calls WAF.
 */
export const elasticloadbalancing: ServiceTable = {
  source: 'elasticloadbalancing.amazonaws.com',
  events: {
    CreateLoadBalancer: [
      { ...touch('create', 'responseElements.loadBalancers[].loadBalancerArn'), shows: tagged('requestParameters.tags') },
    ],
    DeleteLoadBalancer: [touch('delete')],
    SetSecurityGroups: [{ ...touch('update'), shows: groups }],
    SetIpAddressType: [{ ...touch('update'), shows: is('IpAddressType', 'requestParameters.ipAddressType') }],
    SetSubnets: [touch('update')],
    CreateListener: [{ ...touch('update'), shows: has('Listeners', created) }],
    ModifyListener: [listener],
    DeleteListener: [{ ...listener, shows: lacks('Listeners', deleted) }],
    AddTags: [{ ...touch('update', 'requestParameters.resourceArns[]'), shows: tagged('requestParameters.tags') }],
    RemoveTags: [{ ...touch('update', 'requestParameters.resourceArns[]'), shows: untagged('requestParameters.tagKeys') }],
  },
}
