import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as z from 'zod'
import { createSessions } from '#aws'
import { createInventory, type Inventory } from '#inventory'
import { shapes } from '../../services/inventory/shapes/all.ts'
import { documentedActions } from './access.ts'
import { readExample } from './examples.ts'

// Writes docs/resource-types.md: `npm run docs`.

const file = new URL('../../docs/resource-types.md', import.meta.url)
const recordings = new URL('../fixtures/aws/', import.meta.url)
const [account, width] = ['111111111111', 64]

/** The page as it must be now. */
export function render(): string {
  // Makes no call: it is asked only what it knows itself.
  const inventory = createInventory({ sessions: createSessions({ roleName: 'none', externalId: 'none' }) })
  const types = Object.keys(shapes).toSorted() as (keyof typeof shapes)[]
  const sections = types.map((type) => section(inventory, type, shapes[type], readExample(type) as Example))
  return [intro(inventory, types), ...sections, unseen(types)].join('\n\n') + '\n'
}

/** The page as it stands. */
export function written(): string {
  return readFileSync(file, 'utf8')
}

interface Example {
  readonly ResourceId: string
  readonly Region: string
  readonly [attribute: string]: unknown
}

function intro(inventory: Inventory, types: readonly string[]): string {
  const rows = types.map((type) => `| [${type}](#${type.toLowerCase().replaceAll('.', '')}) | ${whereOf(inventory, type)} |`)
  return `# Resource types

<!-- Written by \`npm run docs\`, from the shapes, the fetchers and the complete examples. -->

What a policy is handed, type by type. Every field is always there: what AWS does not tell, or was never set, is \`null\`, and so is an
empty list. \`[]\` marks a list, \`{}\` a map with keys of somebody's own; a \`time\` is a string in RFC 3339, \`JSON\` a string with a
document in it as AWS keeps it.

| Type | Listed |
|---|---|
${rows.join('\n')}`
}

function whereOf(inventory: Inventory, type: string): string {
  return inventory.scope(type) === 'global' ? 'once an account' : 'in each region'
}

function section(inventory: Inventory, type: string, shape: z.ZodType, example: Example): string {
  const { ResourceId: id, Region: region } = example
  const seen = inventory.eventId({ accountId: account, region, type, id })
  const volatile = inventory.volatile(type).map((path) => `\`${path}\``)
  return [
    `## ${type}`,
    ...(shape.description === undefined ? [] : [shape.description]),
    `Id: \`${formOf(id, region)}\`${seen === id ? '' : `, in events \`${formOf(seen, region)}\``}; ${whereOf(inventory, type)}.`,
    ...(volatile.length === 0 ? [] : [`Kept up to date, but no change when they alone change: ${volatile.join(', ')}.`]),
    `\`\`\`text\n${fieldsOf(shape, example, '').join('\n')}\n\`\`\``,
    `<details><summary>An example with every field filled</summary>`,
    `\`\`\`json\n${JSON.stringify(example, null, 2)}\n\`\`\``,
    '</details>',
  ].join('\n\n')
}

function formOf(id: string, region: string): string {
  return id.replaceAll(account, '{accountId}').replaceAll(region, '{region}')
}

/** A line a field, nested ones indented. The sample says what became of what a shape turns into something else. */
function fieldsOf(schema: z.ZodType, sample: unknown, indent: string): readonly string[] {
  const { inner } = unwrap(schema)
  if (!(inner instanceof z.ZodObject)) return []
  return Object.entries<z.ZodType>(inner.shape).flatMap(([name, field]) => {
    const { marks, kind, member, memberSample, description } = kindOf(field, isRecord(sample) ? sample[name] : undefined)
    const head = `${indent}${name}${marks}`
    const said = [kind, description ?? ''].filter((words) => words !== '').join('; ')
    const nested = fieldsOf(member, memberSample, `${indent}  `)
    return [said === '' ? head : `${head.padEnd(width - 1)} ${said}`].concat(nested)
  })
}

interface Kind {
  readonly marks: string
  readonly kind: string
  /** What is nested: the member of a list or map, or the field itself. */
  readonly member: z.ZodType
  readonly memberSample: unknown
  readonly description: string | undefined
}

function kindOf(schema: z.ZodType, sample: unknown): Kind {
  const { inner, changed, description } = unwrap(schema)
  if (inner instanceof z.ZodArray && !isRecord(sample)) {
    const member = kindOf(inner.element as z.ZodType, Array.isArray(sample) ? sample[0] : undefined)
    return { ...member, marks: `[]${member.marks}`, description }
  }
  if (inner instanceof z.ZodRecord && !(inner.valueType instanceof z.ZodUnknown)) {
    const member = kindOf(inner.valueType as z.ZodType, isRecord(sample) ? Object.values(sample)[0] : undefined)
    return { ...member, marks: `{}${member.marks}`, description }
  }
  // Lists of key and value that became a map.
  if (inner instanceof z.ZodArray) return { ...leaf('string'), marks: '{}', description }
  if (inner instanceof z.ZodObject) {
    const empty = Object.keys(inner.shape).length === 0
    return { marks: '', kind: empty ? 'object' : '', member: inner, memberSample: sample, description }
  }
  const kind = (changed ? null : bySchema(inner)) ?? bySample(sample) ?? bySchema(inner) ?? 'any'
  return { ...leaf(kind === 'string' ? (bySample(sample) ?? kind) : kind), description }
}

function leaf(kind: string): Kind {
  return { marks: '', kind, member: z.unknown(), memberSample: undefined, description: undefined }
}

function bySchema(schema: z.ZodType): string | null {
  if (schema instanceof z.ZodNumber) return schema.isInt ? 'integer' : 'number'
  if (schema instanceof z.ZodBoolean) return 'boolean'
  if (schema instanceof z.ZodDate) return 'time'
  return schema instanceof z.ZodString || schema instanceof z.ZodLiteral || schema instanceof z.ZodEnum ? 'string' : null
}

function bySample(sample: unknown): string | null {
  if (typeof sample === 'number') return Number.isInteger(sample) ? 'integer' : 'number'
  if (typeof sample === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(sample)) return 'time'
  if (typeof sample === 'string' && sample.startsWith('{')) return 'JSON'
  if (isRecord(sample)) return "object in AWS's words"
  return typeof sample === 'string' || typeof sample === 'boolean' ? typeof sample : null
}

/** A schema without what makes it nullable or turns its value into another. */
function unwrap(schema: z.ZodType): { inner: z.ZodType; changed: boolean; description: string | undefined } {
  let [inner, changed, description] = [schema, false, schema.description]
  for (;;) {
    if (inner instanceof z.ZodPipe) {
      changed = true
      inner = (inner.in instanceof z.ZodTransform ? inner.out : inner.in) as z.ZodType
    } else if (inner instanceof z.ZodDefault || inner instanceof z.ZodNullable || inner instanceof z.ZodOptional) {
      inner = inner.unwrap() as z.ZodType
    } else {
      return { inner, changed, description }
    }
    description ??= inner.description
  }
}

interface Recorded {
  readonly service: string
  readonly operation: string
  readonly source: string
}

/** What is answered by a line of our own in the emulator: test/support/moto.ts. */
const added: readonly Recorded[] = [
  {
    service: 'ec2',
    operation: 'DescribeStaleSecurityGroups',
    source: 'https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeStaleSecurityGroups.html',
  },
]

/** What tests play from the documentation of AWS, since no emulator answers it. */
function unseen(types: readonly string[]): string {
  const names = readdirSync(recordings).toSorted()
  const recorded = names.map((name) => JSON.parse(readFileSync(new URL(name, recordings), 'utf8')) as Recorded)
  const all = [...recorded, ...added]
  const services = [...new Set(all.map(({ service }) => service))]
  const calls = new Map(all.map(({ service, operation, source }) => [`${service}:${operation}`, { service, operation, source }]))
  const rows = services.map((service) => {
    const ofService = [...calls.values()].filter((call) => call.service === service)
    const links = ofService.map(({ operation, source }) => (source.startsWith('https:') ? `[${operation}](${source})` : operation))
    return `| ${service} | ${links.join(', ')} |`
  })
  const whole = new Set(services.filter((service) => documentedActions([service]).every((action) => calls.has(action))))
  const never = types.filter((type) => whole.has((readExample(type) as Example).ResourceId.split(':')[2] ?? ''))
  return `## What no emulator has answered

The fetchers are tested against an emulator of AWS. These calls it does not know: the tests play answers that are written after AWS's own
reference instead, and what AWS really answers was not seen.

| Service | Calls |
|---|---|
${rows.join('\n')}

${never.length === 0 ? 'No type is read by such calls alone.' : `Types that are read by such calls alone: ${never.join(', ')}.`}`
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

if (import.meta.main) writeFileSync(file, render())
