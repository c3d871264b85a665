import { expect, test } from 'vitest'
import type { AttributesByType } from '#inventory'
import type { ResourceShapes } from '../../services/detection/resource-types.ts'
import { shapes } from './conforms.ts'

/** Each is true only if what a fetcher writes is what a policy of that type is promised; checked by tsc. */
const agreed: { readonly [Type in keyof ResourceShapes]: AttributesByType[Type] extends ResourceShapes[Type] ? true : false } = {
  'AWS.CloudTrail': true,
  'AWS.EC2.SecurityGroup': true,
  'AWS.EC2.VPC': true,
  'AWS.IAM.Role': true,
  'AWS.IAM.User': true,
  'AWS.KMS.Key': true,
  'AWS.S3.Bucket': true,
}

test('the types that policies are promised are the types that fetchers write', () => {
  expect(Object.keys(agreed)).toEqual(Object.keys(shapes).toSorted())
})
