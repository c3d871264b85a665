import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { shapes as schemas } from '../../services/inventory/shapes/all.ts'
import { deviations, gaps, shapes } from './conforms.ts'
import { readExample } from './examples.ts'
import { render, written } from './resource-docs.ts'

const types = Object.keys(schemas)
const hasExample = (type: string): boolean => existsSync(new URL(`../fixtures/resources/${type}.json`, import.meta.url))

/** Fields that published policies know and no resource of the type has; some types have neither tags nor a time of birth. */
const empty: Readonly<Record<string, RegExp>> = {
  'AWS.ECS.Cluster': /^(?:Services\[\d+\]\.Id|Tasks\[\d+\]\.Name)$/,
  'AWS.EKS.Cluster': /^(?:FargateProfile|NodeGroup)\[\d+\]\.Id$/,
  'AWS.WAF.WebACL': /^AssociatedResources$/,
}

test('every type has its shape written down and a complete example', () => {
  expect({
    withoutShape: types.filter((type) => !(type in shapes)),
    withoutExample: types.filter((type) => !hasExample(type)),
  }).toEqual({
    withoutShape: [],
    withoutExample: [],
  })
})

test.each(types.filter(hasExample))('the example of %s is complete and of the shape', (type) => {
  const example = readExample(type)
  expect(deviations(shapes[type], example)).toEqual([])
  expect(example).toMatchObject({ AccountId: '111111111111', ResourceType: type })
  expect(gaps(example).filter((path) => !['Tags', 'TimeCreated'].includes(path) && empty[type]?.test(path) !== true)).toEqual([])
})

test('docs/resource-types.md is up to date', () => {
  expect(written() === render(), 'npm run docs writes it anew').toBe(true)
})
