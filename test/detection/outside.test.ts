import { spawnSync } from 'node:child_process'
import { readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createEvaluator } from '#detection'
import { aBucket, aFolder, nothingKnown, trust } from './world.ts'

const repository = join(import.meta.dirname, '../..')

/** The tsconfig that docs/detections.md gives to authors, with our place filled in. */
async function recipe(): Promise<string> {
  const guide = await readFile(join(repository, 'docs/detections.md'), 'utf8')
  const [, found] = /```json tsconfig\.json\n(.*?)```/su.exec(guide) ?? []
  if (found === undefined) throw new Error('docs/detections.md has no tsconfig.json')
  return found.replace('../tripline', repository)
}

const good = `import { definePolicy } from 'tripline'
export default definePolicy({
  id: 'Own.Versioning', severity: 'LOW', description: 'x', resourceTypes: ['AWS.S3.Bucket'],
  evaluate: (bucket) => bucket.Versioning === 'Enabled' && (bucket.Grants ?? []).every((grant) => grant.Grantee?.URI === null),
  tests: [{ name: 'none', expected: false, resource: { Versioning: null } }],
})
export const many = definePolicy({
  id: 'Own.Many', severity: 'LOW', description: 'x', resourceTypes: ['AWS.S3.Bucket', 'AWS.KMS.Key'],
  evaluate: (resource) => resource.Region === 'us-east-1',
})
export const every = definePolicy({
  id: 'Own.Every', severity: 'LOW', description: 'x', resourceTypes: [],
  evaluate: (resource) => resource['Anything'] === true || resource.Region === 'us-east-1',
})
`
const bad = `import { definePolicy, defineRule } from 'tripline'
export default definePolicy({
  id: 'Own.Typo', severity: 'LOW', description: 'x', resourceTypes: ['AWS.S3.Bucket'],
  evaluate: (bucket) => bucket.Versionning === 'Enabled',
})
export const severity = defineRule({
  id: 'Own.Severity', severity: 'URGENT', description: 'x', logTypes: ['AWS.CloudTrail'], match: { source: 'ec2.amazonaws.com' },
  evaluate: async () => true,
})
export const environment = process.env
export const type = definePolicy({
  id: 'Own.Type', severity: 'LOW', description: 'x', resourceTypes: ['AWS.S3.Buckets'],
  evaluate: () => true,
})
`

test('a folder outside the repository finds "tripline" and is checked by tsc with the recipe of the guide', async () => {
  await using folder = await aFolder({ 'good.ts': good, 'tsconfig.json': await recipe() })
  await using evaluator = await createEvaluator({ folders: [folder.path], trust })
  expect(evaluator.broken).toEqual([])
  const [judged] = await evaluator.judgeResources([aBucket({ Versioning: 'Enabled', Grants: null })], nothingKnown)
  expect(judged?.outcomes.map(({ outcome }) => outcome)).toEqual(['pass', 'pass', 'pass'])

  const tsc = (): string => {
    const { stdout } = spawnSync(process.execPath, [join(repository, 'node_modules/typescript/bin/tsc'), '-p', folder.path], {
      encoding: 'utf8',
    })
    return stdout
  }
  expect(tsc()).toBe('')
  await folder.write('bad.ts', bad)
  const mistakes = tsc()
  expect(mistakes).toMatch(/Property 'Versionning' does not exist .* Did you mean 'Versioning'\?/u)
  expect(mistakes).toContain('Type \'"URGENT"\' is not assignable')
  expect(mistakes).toContain("Type 'Promise<boolean>' is not assignable to type 'boolean'")
  expect(mistakes).toContain("Cannot find name 'process'")
  expect(mistakes).toContain('Type \'"AWS.S3.Buckets"\' is not assignable')
})

test('a folder that is reached over a link is loaded from where it really is', async () => {
  await using folder = await aFolder({ 'good.ts': good })
  await using links = await aFolder({})
  await symlink(folder.path, join(links.path, 'current'))
  await using evaluator = await createEvaluator({ folders: [join(links.path, 'current')], trust })
  expect(evaluator.detections.map(({ id }) => id)).toEqual(['Own.Versioning', 'Own.Every', 'Own.Many'])
})
