import type { AttributesOf } from 'tripline'
import { openTo } from '../policy-document.ts'

const everybody = new Map([
  ['http://acs.amazonaws.com/groups/global/AllUsers', 'everybody'],
  ['http://acs.amazonaws.com/groups/global/AuthenticatedUsers', 'everybody with an AWS account'],
])

/** What a bucket lets others do. */
export interface Use {
  readonly permissions: readonly string[]
  readonly actions: readonly string[]
}

export const reading: Use = {
  permissions: ['READ', 'FULL_CONTROL'],
  actions: ['s3:getobject', 's3:getobjectversion', 's3:listbucket', 's3:listbucketversions'],
}

/**
 * The ways in which everybody may do something with a bucket, in words; none when its public access block closes them. The block of the
 * whole account is not part of a bucket: with one, a bucket can be more closed than this says, never more open.
 */
export function publicWays(
  { Grants, Policy, PublicAccessBlockConfiguration: block }: AttributesOf<'AWS.S3.Bucket'>,
  wanted: Use,
): readonly string[] {
  const ways: string[] = []
  if (block?.IgnorePublicAcls !== true) {
    for (const { Grantee, Permission } of Grants ?? []) {
      const who = everybody.get(Grantee?.URI ?? '')
      if (who !== undefined && Permission !== null && wanted.permissions.includes(Permission))
        ways.push(`ACL: ${Permission} for ${who}`)
    }
  }
  if (block?.RestrictPublicBuckets !== true) {
    for (const { sid } of openTo(Policy, wanted.actions)) ways.push(`bucket policy: ${sid}`)
  }
  return ways
}
