import type { Tool } from '#model'

/** What tells with what a call was made. Only the user agent is the caller's own word. */
interface ToolSigns {
  readonly userAgent: string | null
  readonly sourceAddress: string | null
  /** The service that made the call on somebody's behalf. */
  readonly invokedBy: string | null
  /** CloudTrail says that the session was opened by the console. */
  readonly fromConsole: boolean
  /** The session is one that people have: a user's, a root's, one of single sign-on. */
  readonly person: boolean
  /** The session is a build's or a machine's. */
  readonly machine: boolean
}

type Known = readonly [found: RegExp, kind: Tool['kind'], name: string]

/** The first that is found wins, so tools stand before the libraries they are built on. The first group is the version. */
const tools: readonly Known[] = [
  [/opentofu(?:\/v?(\d[\w.-]*))?/iu, 'opentofu', 'OpenTofu'],
  // Before Terraform, whose provider Pulumi's is built on. `Pulumi/1.0` is the version of the form.
  [/pulumi-?aws\/v?(\d[\w.-]*)/iu, 'pulumi', 'Pulumi AWS'],
  [/pulumi(?:\/(?!1\.0\b)v?(\d[\w.-]*))?/iu, 'pulumi', 'Pulumi'],
  [/terraform\/v?(\d[\w.-]*)/iu, 'terraform', 'Terraform'],
  [/terraform/iu, 'terraform', 'Terraform'],
  [/(?:^|[\s[])(?:aws-)?cdk\/(\d[\w.-]*)/iu, 'cdk', 'AWS CDK'],
  [/ansible(?:\/(\d[\w.-]*))?/iu, 'ansible', 'Ansible'],
  [/eksctl(?:\/(\d[\w.-]*))?/iu, 'other', 'eksctl'],
  [/cloudformation\.amazonaws\.com|aws ?cloudformation/iu, 'cloudformation', 'CloudFormation'],
  [/cloudshell/iu, 'cli', 'AWS CloudShell'],
  [/aws-cli\/(\d[\w.-]*)/iu, 'cli', 'aws-cli'],
  [/aws(?:tools|powershell)\w*\/(\d[\w.-]*)/iu, 'cli', 'AWS Tools for PowerShell'],
  [/(?:console|signin)\.(?:aws\.)?amazon(?:aws)?\.com/iu, 'console', 'AWS console'],
  [/^\[?(?:S3Console|AWSCloudTrailConsole|aws-internal\/\S* .*console)/iu, 'console', 'AWS console'],
  [/amazon-ssm-agent/iu, 'other', 'SSM agent'],
  [/boto3\/(\d[\w.-]*)/iu, 'sdk', 'boto3'],
  [/botocore\/(\d[\w.-]*)/iu, 'sdk', 'botocore'],
  [/aws-sdk-go(?:-v2)?\/(\d[\w.-]*)/iu, 'sdk', 'AWS SDK for Go'],
  [/aws-sdk-(?:js|nodejs)\/(\d[\w.-]*)/iu, 'sdk', 'AWS SDK for JavaScript'],
  [/aws-sdk-java\/(\d[\w.-]*)/iu, 'sdk', 'AWS SDK for Java'],
  [/aws-sdk-rust\/(\d[\w.-]*)/iu, 'sdk', 'AWS SDK for Rust'],
  [/aws-sdk-\w{2,12}\//iu, 'sdk', 'AWS SDK'],
  [/^\[?mozilla\//iu, 'console', 'AWS console'],
  [/^aws[ -]internal/iu, 'aws', 'AWS itself'],
]
const provider = /terraform-provider-aws\/v?(\d[\w.-]{0,30})/iu
const service = /^([a-z0-9-]{2,40})\.amazonaws\.com(?:\.cn)?$/iu
const uuid = /[_-]?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/giu

/** The tool behind a call; null when nothing tells. */
export function readTool(signs: ToolSigns): Tool | null {
  const found = known(signs)
  if (found === null) return null
  const byHand = (found.kind === 'console' || found.kind === 'cli') && !signs.machine
  return { ...found, byHand }
}

/** What AWS itself says goes before what the caller says. */
function known(signs: ToolSigns): Omit<Tool, 'byHand'> | null {
  const onBehalf = service.exec(signs.invokedBy ?? '')?.[1] ?? service.exec(signs.sourceAddress ?? '')?.[1]
  if (onBehalf === 'cloudformation') return named('cloudformation', 'CloudFormation')
  const text = (signs.userAgent ?? '').slice(0, 1_000).trim()
  const said = text === '' ? null : saidBy(text)
  // Services that the console works through leave only this.
  if (signs.fromConsole && !(said !== null && ['terraform', 'opentofu', 'pulumi', 'cdk', 'cli'].includes(said.kind)))
    return named('console', 'AWS console')
  if (said?.kind === 'aws' && signs.person && onBehalf === undefined) return named('console', 'AWS console')
  if (onBehalf !== undefined && (said === null || said.kind === 'aws')) return named('aws', `AWS service ${onBehalf.toLowerCase()}`)
  return said
}

function saidBy(text: string): Omit<Tool, 'byHand'> {
  for (const [pattern, kind, name] of tools) {
    const found = pattern.exec(text)
    if (found === null) continue
    const providerVersion = kind === 'terraform' || kind === 'opentofu' ? (provider.exec(text)?.[1] ?? null) : null
    return { kind, name, version: found[1]?.slice(0, 30) ?? null, providerVersion }
  }
  const own = service.exec(text)?.[1]
  if (own !== undefined) return named('aws', `AWS service ${own.toLowerCase()}`)
  const plain = text.replace(/^\[(.*)\]$/u, '$1')
  // A run's number in it is of no use to a reader.
  const short = plain.replaceAll(uuid, '').trim()
  return named('other', (short === '' ? plain : short).slice(0, 60))
}

function named(kind: Tool['kind'], name: string): Omit<Tool, 'byHand'> {
  return { kind, name, version: null, providerVersion: null }
}
