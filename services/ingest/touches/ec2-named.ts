import { at, isObject, textAt, type AuditEvent, type Json, type JsonObject, type ResourceRef } from '#model'
import { partitionOf } from '../region.ts'
import type { Effect, Named, ServiceTable } from './table.ts'

// EC2's older calls are told in camelCase with `…Set: {items: […]}`; newer ones whole and in their own casing below
// `{Event}Request` and `{Event}Response`, where a list of one is no list.

export const acl = namedById('AWS.EC2.NetworkACL', 'network-acl', 'acl')
export const group = namedById('AWS.EC2.SecurityGroup', 'security-group', 'sg')
export const image = namedById('AWS.EC2.AMI', 'image', 'ami')
export const instance = namedById('AWS.EC2.Instance', 'instance', 'i')
export const internetGateway = namedById('AWS.EC2.InternetGateway', 'internet-gateway', 'igw')
export const natGateway = namedById('AWS.EC2.NatGateway', 'natgateway', 'nat')
export const routeTable = namedById('AWS.EC2.RouteTable', 'route-table', 'rtb')
export const snapshot = namedById('AWS.EC2.Snapshot', 'snapshot', 'snap')
export const volume = namedById('AWS.EC2.Volume', 'volume', 'vol')
export const vpc = namedById('AWS.EC2.VPC', 'vpc', 'vpc')

/**
 * EC2 resources are named by id; an id of another kind (`CreateTags` takes all) is not ours. Ids of images have the event's account
 * too, whoever owns the image: so do those of the inventory.
 */
function namedById(type: string, word: string, prefix: string): Named {
  const form = new RegExp(`^${prefix}-[0-9a-f]{8,40}$`)
  return {
    type,
    ref({ accountId, region }: AuditEvent, text: string): ResourceRef | null {
      if (!form.test(text)) return null
      return { accountId, region, type, id: `arn:${partitionOf(region)}:ec2:${region}:${accountId}:${word}/${text}` }
    },
  }
}

export type Shows = NonNullable<Effect['shows']>

/** Gives every name in the list the effects that are made for it: its name is part of where its values stand. */
export function named(names: readonly string[], effects: (name: string) => readonly Effect[]): ServiceTable['events'] {
  return Object.fromEntries(names.map((name) => [name, effects(name)]))
}

/** Where a call's request has a member, in either form. */
export function asked(event: string, member: string): readonly string[] {
  return [`requestParameters.${member.slice(0, 1).toLowerCase()}${member.slice(1)}`, `requestParameters.${event}Request.${member}`]
}

/** Where a call's answer has a value, in either form. */
export function answered(event: string, path: string): readonly string[] {
  return [`responseElements.${path}`, `responseElements.${event}Response.${path}`]
}

/** The first text at one of the dotted paths of the record, as a list of one or none. */
export function textsOf(event: AuditEvent, paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => textAt(event.record, ...path.split('.')) ?? []).slice(0, 1)
}

/** The members of a list in any of EC2's forms. */
export function membersOf(value: Json | undefined): readonly Json[] {
  if (Array.isArray(value)) return value as readonly Json[]
  if (isObject(value)) return membersOf(value['items'] ?? value['item'])
  return value === undefined || value === null || value === '' ? [] : [value]
}

/** The objects of a list at a dotted path of the record. */
export function objectsAt(event: AuditEvent, path: string): readonly JsonObject[] {
  return membersOf(at(event.record, ...path.split('.'))).filter((member) => isObject(member))
}

/** Of attributes that an event need not name: when it names none of those that are kept, it changes nothing. */
export function orNothing(shows: Shows): Shows {
  return (event) => {
    const told = shows(event)
    return told.length > 0 ? told : [{ kind: 'nothing' }]
  }
}

/** Numbers may be told as text. */
export function asKept(value: Json): Json {
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
}

/** True for a range that AWS keeps as it was given: it clears the bits behind the mask, and shortens IPv6. */
export function isCanonical(cidr: string): boolean {
  if (cidr === '::/0') return true
  const found = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr)
  if (found === null) return false
  const [a = 0, b = 0, c = 0, d = 0, bits = 0] = found.slice(1).map(Number)
  return (((a * 256 + b) * 256 + c) * 256 + d) % 2 ** (32 - bits) === 0
}
