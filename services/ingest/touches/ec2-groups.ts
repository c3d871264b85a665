import { at, textAt, type AuditEvent, type Json, type JsonObject } from '#model'
import { asked, group, isCanonical, membersOf, named, objectsAt, textsOf, vpc, type Shows } from './ec2-named.ts'
import { has, lacks, nothing } from './shows.ts'
import { effect, type ServiceTable } from './table.ts'

// Groups of the default VPC may be named by name: then only the response has the id.
const ofRules = [
  'requestParameters.groupId',
  'responseElements.securityGroupRuleSet.items[].groupId',
  'responseElements.revokedSecurityGroupRuleSet.items[].groupId',
]

export const groups: ServiceTable['events'] = {
  CreateSecurityGroup: [
    effect('create', group, ['responseElements.groupId']),
    effect(
      'update',
      vpc,
      ['requestParameters.vpcId'],
      has('SecurityGroups', (event) => textsOf(event, ['responseElements.groupId'])),
    ),
  ],
  DeleteSecurityGroup: [effect('delete', group, ['requestParameters.groupId', 'responseElements.groupId'])],
  AuthorizeSecurityGroupIngress: [effect('update', group, ofRules, given('IpPermissions'))],
  AuthorizeSecurityGroupEgress: [effect('update', group, ofRules, given('IpPermissionsEgress'))],
  RevokeSecurityGroupIngress: [effect('update', group, ofRules, takenBack('IpPermissions'))],
  RevokeSecurityGroupEgress: [effect('update', group, ofRules, takenBack('IpPermissionsEgress'))],
  ...named(
    ['ModifySecurityGroupRules', 'UpdateSecurityGroupRuleDescriptionsIngress', 'UpdateSecurityGroupRuleDescriptionsEgress'],
    (name) => [effect('update', group, asked(name, 'GroupId'))],
  ),
  ...named(['AssociateSecurityGroupVpc', 'DisassociateSecurityGroupVpc'], (name) => [
    effect('update', group, asked(name, 'GroupId'), nothing),
  ]),
}

// AWS keeps one permission for each protocol and range of ports, and in it the sources: so a permission with one source is asked
// for, whatever else stands beside it. A rule that is given and taken back is written alike, so that the later event counts.

type Direction = 'IpPermissions' | 'IpPermissionsEgress'

/** The rules that a call gave are among the group's permissions. */
function given(direction: Direction): Shows {
  return has(direction, (event) => permissionsOf(event, 'securityGroupRuleSet'))
}

/** The rules that a call took back are no longer among them. */
function takenBack(direction: Direction): Shows {
  return lacks(direction, (event) => permissionsOf(event, 'revokedSecurityGroupRuleSet'))
}

/** The response has the rules as AWS keeps them. Older records have none: then the request, as far as AWS keeps it word for word. */
function permissionsOf(event: AuditEvent, answer: string): readonly JsonObject[] {
  const rules = objectsAt(event, `responseElements.${answer}`)
  if (rules.length > 0) return rules.flatMap((rule) => sourcesOfRule(rule).flatMap((source) => permission(rule, source)))
  const permissions = objectsAt(event, 'requestParameters.ipPermissions')
  return permissions.flatMap((each) => sourcesOfPermission(each).flatMap((source) => permission(each, source)))
}

function sourcesOfRule(rule: JsonObject): readonly JsonObject[] {
  const text = (...path: readonly string[]): readonly string[] => {
    const found = textAt(rule, ...path)
    return found === null ? [] : [found]
  }
  return [
    ...text('cidrIpv4').map((CidrIp) => ({ IpRanges: [{ CidrIp }] })),
    ...text('cidrIpv6').map((CidrIpv6) => ({ Ipv6Ranges: [{ CidrIpv6 }] })),
    ...text('prefixListId').map((PrefixListId) => ({ PrefixListIds: [{ PrefixListId }] })),
    ...[...text('referencedGroupInfo', 'groupId'), ...text('referencedGroupId')].map((GroupId) => ({
      UserIdGroupPairs: [{ GroupId }],
    })),
  ]
}

function sourcesOfPermission(given: JsonObject): readonly JsonObject[] {
  const texts = (list: string, member: string): readonly string[] =>
    membersOf(given[list]).flatMap((each) => textAt(each, member) ?? [])
  return [
    ...texts('ipRanges', 'cidrIp')
      .filter(isCanonical)
      .map((CidrIp) => ({ IpRanges: [{ CidrIp }] })),
    ...texts('ipv6Ranges', 'cidrIpv6')
      .filter(isCanonical)
      .map((CidrIpv6) => ({ Ipv6Ranges: [{ CidrIpv6 }] })),
    ...texts('prefixListIds', 'prefixListId').map((PrefixListId) => ({ PrefixListIds: [{ PrefixListId }] })),
    ...texts('groups', 'groupId').map((GroupId) => ({ UserIdGroupPairs: [{ GroupId }] })),
  ]
}

/** One permission, or none for a protocol of which it is not sure how AWS shows it and its ports. */
function permission(rule: JsonObject, source: JsonObject): readonly JsonObject[] {
  const IpProtocol = rule['ipProtocol']
  // All traffic: the event may say -1 for its ports, the group says nothing.
  if (IpProtocol === '-1') return [{ IpProtocol, ...source }]
  const FromPort = at(rule, 'fromPort')
  const ToPort = at(rule, 'toPort')
  if (!isWhole(FromPort) || !isWhole(ToPort)) return []
  if (IpProtocol === 'icmp') return [{ IpProtocol, FromPort, ToPort, ...source }]
  const isPorts = (IpProtocol === 'tcp' || IpProtocol === 'udp') && FromPort >= 0 && ToPort >= 0
  return isPorts ? [{ IpProtocol, FromPort, ToPort, ...source }] : []
}

function isWhole(value: Json | undefined): value is number {
  return Number.isInteger(value)
}
