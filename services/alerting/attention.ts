import { wholeActor, type Cause } from '#model'

/** Values of tags that say what owns a resource's state. */
const managers = /^(?:terraform|opentofu|terragrunt|pulumi|cdk|aws-cdk|cloudformation|crossplane|ansible)\b/iu
const keys: ReadonlySet<string> = new Set([
  'managedby',
  'managed',
  'createdby',
  'provisionedby',
  'provisioner',
  'deployedby',
  'deployedwith',
  'iac',
  'source',
  'tool',
])

/** What deserves a second look about how a change was made: a resource that code describes was changed by hand, so the code no longer tells the truth. */
export function attentionOf(cause: Cause | null, tags: ReadonlyMap<string, string>): readonly string[] {
  if (cause === null) return []
  const { tool } = wholeActor(cause.actor)
  if (tool === null || !tool.byHand) return []
  const manager = managerOf(tags)
  return manager === null ? [] : [`${manager}, changed by hand with ${tool.name}`]
}

/** Only CloudFormation's own tag is AWS's word; the others are what people agreed on. */
function managerOf(tags: ReadonlyMap<string, string>): string | null {
  const stack = tags.get('aws:cloudformation:stack-name')
  if (stack !== undefined) return `Managed by stack ${stack}`
  const [project, pulumiStack] = [tags.get('pulumi:project'), tags.get('pulumi:stack')]
  if (project !== undefined || pulumiStack !== undefined)
    return `Managed by Pulumi (${[project, pulumiStack].filter(Boolean).join('/')})`
  for (const [key, value] of tags) {
    const plain = key.toLowerCase().replaceAll(/[^a-z]/gu, '')
    if (plain === 'terraform' && !/^(?:false|no|0)?$/iu.test(value)) return 'Tagged as managed by Terraform'
    if (keys.has(plain) && managers.test(value)) return `Tagged ${key}=${value}`
  }
  return null
}
