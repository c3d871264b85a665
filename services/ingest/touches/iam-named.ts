import { textAt, type AuditEvent, type ResourceRef } from '#model'
import { partitionOf } from '../region.ts'
import { accountWide } from './account-wide.ts'
import { readArn, type Named } from './table.ts'

export const user = namedByName('AWS.IAM.User', 'user')
export const role = namedByName('AWS.IAM.Role', 'role')
export const group = namedByName('AWS.IAM.Group', 'group')
export const passwordPolicy = accountWide('AWS.PasswordPolicy')

/**
 * IAM names are unique in an account whatever their path, and most events tell only the name: so references leave the path out,
 * always, and one user is one reference. The fetched attributes have the full ARN.
 */
function namedByName(type: string, word: string): Named {
  return {
    type,
    ref({ accountId, region }: AuditEvent, name: string): ResourceRef | null {
      if (!/^[\w+=,.@-]{1,128}$/.test(name)) return null
      return { accountId, region: 'global', type, id: `arn:${partitionOf(region)}:iam::${accountId}:${word}/${name}` }
    },
  }
}

/** Policies are named by their whole ARN. AWS's own are nobody's to change. */
export const policy: Named = {
  type: 'AWS.IAM.Policy',
  ref({ accountId }, text) {
    const arn = readArn(text)
    const isOurs = arn?.service === 'iam' && arn.accountId === accountId && arn.resource.startsWith('policy/')
    return isOurs ? { accountId, region: 'global', type: 'AWS.IAM.Policy', id: text } : null
  },
}

/** The root user is meant when it calls and names nobody, or is named as the console does. */
export const root: Named = {
  type: 'AWS.IAM.RootUser',
  ref(event, text) {
    const isMeant = text === 'Root' && textAt(event.record, 'requestParameters', 'userName') === null
    if (!isMeant && text !== 'AWS ROOT USER') return null
    const { accountId, region } = event
    return { accountId, region: 'global', type: 'AWS.IAM.RootUser', id: `arn:${partitionOf(region)}:iam::${accountId}:root` }
  },
}

/** A rename ends one name and begins another. */
export const renamed = (named: Named, key: string): Named =>
  onlyIf(named, (event) => textAt(event.record, 'requestParameters', key) !== null)
export const kept = (named: Named, key: string): Named =>
  onlyIf(named, (event) => textAt(event.record, 'requestParameters', key) === null)
function onlyIf(named: Named, holds: (event: AuditEvent) => boolean): Named {
  return { type: named.type, ref: (event, text) => (holds(event) ? named.ref(event, text) : null) }
}
