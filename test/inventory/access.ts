import { readFileSync } from 'node:fs'
import type { FaultProxy } from '../support/fault-proxy.ts'

/** S3 names some permissions otherwise than the calls. */
const renamed: Readonly<Record<string, string>> = {
  's3:ListBuckets': 's3:ListAllMyBuckets',
  's3:GetObjectLockConfiguration': 's3:GetBucketObjectLockConfiguration',
  's3:GetPublicAccessBlock': 's3:GetBucketPublicAccessBlock',
  's3:GetBucketLifecycleConfiguration': 's3:GetLifecycleConfiguration',
  's3:GetBucketEncryption': 's3:GetEncryptionConfiguration',
}

/** Asked in EC2 by types of other services, which look into every region. Held to the calls under a name of its own. */
const regions = 'ec2:DescribeRegions'
function serviceOf(action: string): string {
  return action === regions ? 'regions' : (action.split(':')[0] ?? '')
}

/** The permissions of some services that docs/aws-access.md asks for, sorted. */
export function documentedActions(services: readonly string[]): readonly string[] {
  const text = readFileSync(new URL('../../docs/aws-access.md', import.meta.url), 'utf8')
  const statement = /"TriplineReadsSettings"[^\]]*\]/.exec(text)?.[0] ?? ''
  const actions = [...statement.matchAll(/"([a-z0-9-]+:[A-Za-z0-9]+)"/g)].map((found) => found[1] ?? '')
  return actions.filter((action) => services.includes(serviceOf(action))).toSorted()
}

/** The permissions that the calls seen by a proxy needed, sorted. */
export function neededActions(proxy: FaultProxy, services: readonly string[]): readonly string[] {
  const actions = proxy.seen.map(({ service, operation }) => `${service}:${operation}`)
  const needed = actions.filter((action) => services.includes(serviceOf(action)))
  return [...new Set(needed.map((action) => renamed[action] ?? action))].toSorted()
}
