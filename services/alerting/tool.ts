import { line } from './text.ts'

/** User agents as people call them; the first that is found wins, so tools stand before the libraries they are built on. */
const tools: readonly (readonly [found: RegExp, name: string])[] = [
  [/terraform\/([\d.]+)/iu, 'Terraform'],
  [/terraform/iu, 'Terraform'],
  [/pulumi\/?v?([\d.]+)?/iu, 'Pulumi'],
  [/ansible\/?([\d.]+)?/iu, 'Ansible'],
  [/eksctl\/?([\d.]+)?/iu, 'eksctl'],
  [/(?:aws-)?cdk\/([\d.]+)/iu, 'AWS CDK'],
  [/cloudshell/iu, 'AWS CloudShell'],
  [/cloudformation\.amazonaws\.com/iu, 'CloudFormation'],
  [/aws-cli\/([\d.]+)/iu, 'aws-cli'],
  [/(?:console|signin)\.(?:aws\.)?amazon(?:aws)?\.com/iu, 'AWS console'],
  [/^(?:S3Console|AWSCloudTrailConsole|aws-internal\/\S* .*console)/iu, 'AWS console'],
  [/boto3\/([\d.]+)/iu, 'boto3'],
  [/botocore\/([\d.]+)/iu, 'botocore'],
  [/aws-sdk-go(?:-v2)?\/([\d.]+)/iu, 'AWS SDK for Go'],
  [/aws-sdk-(?:js|nodejs)\/([\d.]+)/iu, 'AWS SDK for JavaScript'],
  [/aws-sdk-java\/([\d.]+)/iu, 'AWS SDK for Java'],
  [/aws-sdk-(\w{2,12})\//iu, 'AWS SDK'],
  [/^mozilla\//iu, 'a browser (AWS console)'],
  [/^aws[ -]internal/iu, 'AWS itself'],
  [/^([a-z0-9-]{2,40})\.amazonaws\.com$/iu, 'AWS service'],
]

/** The tool behind a user agent, in a word or two; null when there is none. */
export function toolOf(userAgent: string | null): string | null {
  if (userAgent === null || userAgent.trim() === '') return null
  const text = userAgent.slice(0, 500)
  for (const [pattern, name] of tools) {
    const found = pattern.exec(text)
    if (found !== null) return found[1] === undefined ? name : `${name} ${found[1]}`
  }
  return line(text.replace(/^\[(.*)\]$/u, '$1'), 60)
}
