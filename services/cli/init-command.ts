import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'

export interface InitOptions {
  readonly folder: string
  readonly json: boolean
}

/** `tripline init DIR`: a folder of detections to begin with, each kind in each language, tests inside. */
export async function initCommand({ folder, json }: InitOptions): Promise<number> {
  const home = resolve(folder)
  const there = await readdir(home).catch(() => [])
  if (there.some((name) => !name.startsWith('.'))) {
    process.stderr.write(
      `${folder}: given a folder that holds something (${there.slice(0, 3).join(', ')}); allowed: a new or an empty one\n`,
    )
    return 2
  }
  const authors = relative(home, join(import.meta.dirname, '../detection/tsconfig.authors.json'))
  const files = {
    ...samples,
    'tsconfig.json': `${JSON.stringify({ extends: authors.startsWith('.') ? authors : `./${authors}` })}\n`,
  }
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(home, path)), { recursive: true })
    await writeFile(join(home, path), text)
  }
  if (json) process.stdout.write(`${JSON.stringify({ summary: { folder: home, files: Object.keys(files) } })}\n`)
  else
    process.stdout.write(
      `${Object.keys(files)
        .map((path) => join(folder, path))
        .join('\n')}\n\nNext: npm run -s tripline -- test ${folder}\n`,
    )
  return 0
}

const samples = {
  'policies/bucket-versioned.ts': `import { definePolicy } from 'tripline'

export default definePolicy({
  id: 'Acme.S3.Versioning',
  displayName: 'S3 bucket is not versioned',
  severity: 'LOW',
  description: 'What is overwritten or deleted in this bucket is lost.',
  runbook: 'Turn on versioning (\`aws s3api put-bucket-versioning\`).',
  resourceTypes: ['AWS.S3.Bucket'],
  evaluate: (bucket) => bucket.Versioning === 'Enabled',
  title: (bucket) => \`S3 bucket \${bucket.Name} is not versioned\`,
  tests: [
    { name: 'no versioning fails', expected: false, resource: { Name: 'exports', Versioning: null } },
    { name: 'versioning passes', expected: true, resource: { Name: 'exports', Versioning: 'Enabled' } },
  ],
})
`,
  'rules/instance-started.ts': `import { defineRule } from 'tripline'

export default defineRule({
  id: 'Acme.EC2.InstanceStarted',
  displayName: 'A machine was started by hand',
  severity: 'INFO',
  description: 'Machines come from the pipeline here.',
  logTypes: ['AWS.CloudTrail'],
  match: { source: 'ec2.amazonaws.com', names: ['RunInstances'] },
  evaluate: (record) => record.errorCode === undefined && record.userIdentity?.type === 'IAMUser',
  tests: [
    { name: 'a person matches', expected: true, event: { userIdentity: { type: 'IAMUser' } } },
    { name: 'a role is silent', expected: false, event: { userIdentity: { type: 'AssumedRole' } } },
  ],
})
`,
  'policies/bucket_encrypted.yml': `AnalysisType: policy
PolicyID: Acme.S3.Encrypted
DisplayName: S3 bucket is not encrypted
Enabled: true
Filename: bucket_encrypted.py
ResourceTypes:
  - AWS.S3.Bucket
Severity: Medium
Description: What is written to this bucket is kept in plain text.
Runbook: Turn on default encryption (aws s3api put-bucket-encryption).
Tests:
  - Name: encrypted
    ExpectedResult: true
    Resource:
      Name: exports
      EncryptionRules:
        - ApplyServerSideEncryptionByDefault: { SSEAlgorithm: AES256 }
  - Name: plain
    ExpectedResult: false
    Resource:
      Name: exports
      EncryptionRules: null
`,
  'policies/bucket_encrypted.py': `def policy(resource):
    return bool(resource["EncryptionRules"])


def title(resource):
    return f"S3 bucket {resource['Name']} is not encrypted"
`,
  'rules/access_key_created.yml': `AnalysisType: rule
RuleID: Acme.IAM.AccessKeyCreated
DisplayName: An access key was made
Enabled: true
Filename: access_key_created.py
LogTypes:
  - AWS.CloudTrail
Severity: High
Description: People sign in through the identity provider here and need no keys.
Runbook: Ask who made it, and delete it.
DedupPeriodMinutes: 60
Tests:
  - Name: a key is made
    ExpectedResult: true
    Log:
      eventSource: iam.amazonaws.com
      eventName: CreateAccessKey
      requestParameters: { userName: alice }
  - Name: the call was refused
    ExpectedResult: false
    Log:
      eventSource: iam.amazonaws.com
      eventName: CreateAccessKey
      errorCode: AccessDenied
`,
  'rules/access_key_created.py': `from acme_helpers import succeeded


def rule(event):
    return event.get("eventName") == "CreateAccessKey" and succeeded(event)


def title(event):
    user = event.deep_get("requestParameters", "userName", default="<unknown>")
    return f"An access key was made for {user}"
`,
  'global_helpers/acme_helpers.yml': `AnalysisType: global
GlobalID: acme_helpers
Filename: acme_helpers.py
Description: What our detections share.
`,
  'global_helpers/acme_helpers.py': `def succeeded(event):
    """Whether a call did what it asked for."""
    return not event.get("errorCode")
`,
}
