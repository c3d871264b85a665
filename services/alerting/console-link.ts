import type { Place } from '#model'

const domains = { aws: 'console.aws.amazon.com', 'aws-cn': 'console.amazonaws.cn', 'aws-us-gov': 'console.amazonaws-us-gov.com' }

/**
 * The resource's page in the AWS console, for the types we know; null for others. The only address in a message that is not the
 * detection's own: built from checked parts alone, so that no name can bend it.
 */
export function consoleLink({ resourceType, resourceId, region }: Place): string | null {
  const id = /([A-Za-z0-9+=,.@_-]{1,256})$/u.exec(resourceId?.slice(0, 1_100) ?? '')?.[1]
  if (resourceType === null || resourceId === null || id === undefined) return null
  if (
    !/^arn:aws[a-z-]{0,10}:[\w+=,.@/:-]+$/u.test(resourceId) ||
    !/^(?:global|[a-z]{2}(?:-[a-z]{2,12}){1,3}-\d{1,2})$/u.test(region)
  )
    return null
  const partition = resourceId.split(':', 2)[1] ?? 'aws'
  const domain = partition in domains ? domains[partition as keyof typeof domains] : null
  if (domain === null) return null
  const name = encodeURIComponent(id)
  const regional = region === 'global' ? `https://${domain}` : `https://${region}.${domain}`
  const where = region === 'global' ? '' : `?region=${region}`
  switch (resourceType) {
    case 'AWS.S3.Bucket':
      return `https://${domain}/s3/buckets/${name}${where}`
    case 'AWS.EC2.SecurityGroup':
      return `${regional}/ec2/home${where}#SecurityGroup:groupId=${name}`
    case 'AWS.EC2.VPC':
      return `${regional}/vpcconsole/home${where}#VpcDetails:VpcId=${name}`
    case 'AWS.IAM.User':
      return `https://${domain}/iam/home#/users/details/${name}`
    case 'AWS.IAM.Role':
      return `https://${domain}/iam/home#/roles/details/${name}`
    case 'AWS.KMS.Key':
      return `${regional}/kms/home${where}#/kms/keys/${name}`
    case 'AWS.CloudTrail':
      return `${regional}/cloudtrailv2/home${where}#/trails/${encodeURIComponent(resourceId)}`
    default:
      return null
  }
}

/** An address that the detection's author gave, ready to link; null when it is not exactly one http or https address. */
export function safeLink(text: string): string | null {
  if (text.length > 500 || !/^https?:\/\/\S+$/iu.test(text) || !URL.canParse(text)) return null
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') return null
  return url.href.replaceAll('|', '%7C').replaceAll('<', '%3C').replaceAll('>', '%3E')
}
