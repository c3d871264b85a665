import { mkdtemp, mkdir, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createEvaluator, type Evaluator, type EvaluatorOptions, type LookUp } from '#detection'
import type { Json, Resource } from '#model'

export const account = '111122223333'
export const trust = { accounts: [account], regions: null, times: 'any' } as const

/** A folder of detections outside the repository, by file name. */
export interface Folder extends AsyncDisposable {
  readonly path: string
  write(name: string, text: string): Promise<void>
}

export async function aFolder(files: Readonly<Record<string, string>>): Promise<Folder> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'tripline-detections-')))
  const write = async (name: string, text: string): Promise<void> => {
    await mkdir(dirname(join(path, name)), { recursive: true })
    await writeFile(join(path, name), text)
  }
  for (const [name, text] of Object.entries(files)) await write(name, text)
  return { path, write, [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true }) }
}

/** The text of a rule file. The code is the body of `evaluate`, over `record`. */
export function aRule(
  id: string,
  code: string,
  more: { readonly names?: readonly string[]; readonly before?: string; readonly slots?: string } = {},
): string {
  return `import { defineRule } from 'tripline'
${more.before ?? ''}
export default defineRule({
  id: '${id}', severity: 'HIGH', description: 'A rule of a test.', logTypes: ['AWS.CloudTrail'],
  match: { source: 'ec2.amazonaws.com', names: ${JSON.stringify(more.names ?? ['RunInstances'])} },
  ${more.slots ?? ''}
  evaluate: (record) => { ${code} },
})
`
}

/** The text of a policy file over buckets. The code is the body of `evaluate`, over `resource`. */
export function aPolicy(id: string, code: string, more: { readonly before?: string; readonly slots?: string } = {}): string {
  return `import { definePolicy } from 'tripline'
${more.before ?? ''}
export default definePolicy({
  id: '${id}', severity: 'LOW', description: 'A policy of a test.', resourceTypes: ['AWS.S3.Bucket'],
  ${more.slots ?? ''}
  evaluate: (resource) => { ${code} },
})
`
}

/** The text of a CloudTrail record; a reading call of EC2 by default, which touches nothing. */
export function aBody(own: Readonly<Record<string, Json>> = {}): string {
  return JSON.stringify({
    eventVersion: '1.09',
    userIdentity: { type: 'IAMUser', arn: `arn:aws:iam::${account}:user/mallory`, accountId: account, userName: 'mallory' },
    eventTime: '2026-11-21T12:00:00Z',
    eventSource: 'ec2.amazonaws.com',
    eventName: 'RunInstances',
    awsRegion: 'us-east-1',
    eventID: 'e0000000-0000-4000-8000-000000000001',
    readOnly: true,
    recipientAccountId: account,
    ...own,
  })
}

export function aBucket(own: Readonly<Record<string, Json>> = {}, id = 'arn:aws:s3:::exports'): Resource {
  return {
    accountId: account,
    region: 'us-east-1',
    type: 'AWS.S3.Bucket',
    id,
    number: 1,
    shape: 1,
    attributes: {
      ResourceId: id,
      ResourceType: 'AWS.S3.Bucket',
      AccountId: account,
      Region: 'us-east-1',
      Name: 'exports',
      Tags: null,
      ...own,
    },
    fetchedAt: new Date('2026-11-21T12:00:00Z'),
  }
}

/** Knows no other resource. */
export const nothingKnown: LookUp = async () => await Promise.resolve(new Map())

/** An evaluator over files, closed with its folder. */
export async function anEvaluator(
  files: Readonly<Record<string, string>>,
  options: Partial<EvaluatorOptions> = {},
): Promise<Evaluator & { readonly folder: string }> {
  const folder = await aFolder(files)
  const evaluator = await createEvaluator({ folders: [folder.path], trust, ...options })
  const close = evaluator[Symbol.asyncDispose].bind(evaluator)
  return Object.assign(evaluator, {
    folder: folder.path,
    [Symbol.asyncDispose]: async () => {
      await close()
      await folder[Symbol.asyncDispose]()
    },
  })
}
