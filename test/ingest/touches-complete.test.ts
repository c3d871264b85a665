import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { ServiceTable } from '../../services/ingest/touches/table.ts'
import { shapes } from '../inventory/conforms.ts'

const folder = new URL('../../services/ingest/touches/', import.meta.url)

/** What an account has one of from its beginning, and nobody makes, tags or deletes as such. */
const untagged = new Set([
  'AWS.CloudTrail.Meta',
  'AWS.Config.Recorder.Meta',
  'AWS.GuardDuty.Detector.Meta',
  'AWS.IAM.RootUser',
  'AWS.PasswordPolicy',
])

/** What AWS has no call for: groups of users have no tags, stacks get theirs by an update, and one call makes and changes a recorder. */
const impossible = new Set(['AWS.IAM.Group tag', 'AWS.CloudFormation.Stack tag', 'AWS.Config.Recorder create'])

/** `type kind`, and `type tag`, of every entry of every table. */
async function entries(): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  for (const file of readdirSync(folder)) {
    const module = (await import(new URL(file, folder).href)) as Record<string, unknown>
    for (const exported of Object.values(module).flat()) {
      if (typeof exported !== 'object' || exported === null || !('source' in exported && 'events' in exported)) continue
      for (const [name, effects] of Object.entries((exported as ServiceTable).events)) {
        for (const { named, kind } of effects) {
          found.add(`${named.type} ${kind}`)
          if (/Tag/.test(name)) found.add(`${named.type} tag`)
        }
      }
    }
  }
  return found
}

test('every resource type has events that create, update, tag and delete it', async () => {
  const found = await entries()
  const wanted = Object.keys(shapes).flatMap((type) =>
    (untagged.has(type) ? ['update'] : ['create', 'update', 'tag', 'delete']).map((kind) => `${type} ${kind}`),
  )
  expect(wanted.length).toBeGreaterThan(150)
  expect(wanted.filter((each) => !found.has(each))).toEqual([...impossible].toSorted())
})
