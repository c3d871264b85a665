import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { definition } from '../../services/detection/definition.ts'

interface Row {
  readonly of: string
  readonly given: string
}

/** What the guide says of each slot. */
async function documented(): Promise<Readonly<Record<string, Row>>> {
  const guide = await readFile(new URL('../../docs/detections.md', import.meta.url), 'utf8')
  const [, table] = /## Slots\n(.*?)\n## /su.exec(guide) ?? []
  const rows = [...(table ?? '').matchAll(/^\| `(\w+)` \| (\w+) \| .* \| (.*?) \|$/gmu)]
  return Object.fromEntries(rows.map(([, slot = '', of = '', given = '']) => [slot, { of, given }]))
}

/** What the schema says; a default that is text elsewhere is left to the guide's words. */
function real(): Readonly<Record<string, Row>> {
  const [policy, rule] = definition.options.map(({ shape }) => shape as Readonly<Record<string, z.ZodType>>)
  const slots = new Set([...Object.keys(policy ?? {}), ...Object.keys(rule ?? {})].filter((slot) => slot !== 'kind'))
  return Object.fromEntries(
    [...slots].map((slot) => {
      const [ofPolicy, ofRule] = [policy?.[slot], rule?.[slot]]
      const of = ofPolicy === undefined ? 'rule' : ofRule === undefined ? 'policy' : 'both'
      return [slot, { of, given: defaultOf(ofPolicy ?? ofRule) }]
    }),
  )
}

function defaultOf(slot: z.ZodType | undefined): string {
  if (slot instanceof z.ZodOptional) return 'optional'
  if (!(slot instanceof z.ZodDefault)) return 'needed'
  const value = JSON.stringify(slot.def.defaultValue)
  return value === '[]' || value === '{}' ? 'empty' : `\`${value}\``
}

test('the guide has a row for every slot, with whose it is and its default', async () => {
  const [said, is] = [await documented(), real()]
  expect(Object.keys(said).toSorted()).toEqual(Object.keys(is).toSorted())
  for (const [slot, row] of Object.entries(is)) {
    const given = row.given === 'optional' && said[slot]?.given !== 'needed' ? said[slot]?.given : row.given
    expect({ slot, ...said[slot] }).toEqual({ slot, of: row.of, given })
  }
})
