import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEvaluator, type Evaluator } from '#detection'
import type { JsonObject, Resource } from '#model'
import { createGroups, scopePolicies, type AssetGroup } from '#ownership'

const policy = (id: string): string => `import { definePolicy } from 'tripline'
export const ${id} = definePolicy({
  id: '${id}', severity: 'HIGH', description: 'x', resourceTypes: ['AWS.S3.Bucket'], evaluate: (bucket) => bucket.Name === 'good',
})`
const accounts = [{ id: '111122223333', name: 'shop', label: 'prod', ou: 'Root/Prod' }]
const gold: AssetGroup = { name: 'gold', is: { tags: { tier: 'gold' } } }
const bucket = (Tags: Record<string, string>): Resource => ({
  accountId: '111122223333',
  region: 'eu-west-1',
  type: 'AWS.S3.Bucket',
  id: 'arn:aws:s3:::x',
  number: 1,
  shape: 1,
  attributes: { Name: 'bad', Tags },
  fetchedAt: new Date(),
})
const nothing = async (): Promise<Map<string, JsonObject>> => new Map()

let folder = ''
let all: Evaluator
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tripline-scope-'))
  await writeFile(join(folder, 'a.ts'), policy('Scoped'))
  await writeFile(join(folder, 'b.ts'), policy('Free'))
  all = await createEvaluator({ folders: [folder], trust: { accounts: [], regions: null, times: 'any' } })
})
afterEach(async () => {
  await all[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})
const scoped = (groups: readonly AssetGroup[], given = accounts): Evaluator =>
  scopePolicies(all, new Map([['Scoped', ['gold']]]), createGroups(groups, given))

describe('a policy that is scoped to a group', () => {
  it('judges members, and says of others that it skipped them', async () => {
    const evaluator = scoped([gold])
    const judged = await evaluator.judgeResources([bucket({ tier: 'gold' }), bucket({ tier: 'iron' })], nothing)
    const said = judged.map(({ outcomes }) => outcomes.map(({ detectionId, outcome }) => `${detectionId} ${outcome}`).toSorted())
    expect(said).toEqual([
      ['Free fail', 'Scoped fail'],
      ['Free fail', 'Scoped skipped'],
    ])
  })

  it('has what defines its scope in the fingerprint of its types, and only of those', () => {
    const plain = all.fingerprint('AWS.S3.Bucket')
    const one = scoped([gold]).fingerprint('AWS.S3.Bucket')
    expect(one).not.toBe(plain)
    expect(scoped([gold]).fingerprint('AWS.S3.Bucket')).toBe(one)
    expect(scoped([{ ...gold, is: { tags: { tier: 'g*' } } }]).fingerprint('AWS.S3.Bucket')).not.toBe(one)
    expect(scoped([gold], [{ ...accounts[0], label: 'dev' } as (typeof accounts)[number]]).fingerprint('AWS.S3.Bucket')).not.toBe(
      one,
    )
    expect(scoped([gold]).fingerprint('AWS.EC2.VPC')).toBe(all.fingerprint('AWS.EC2.VPC'))
  })
})
