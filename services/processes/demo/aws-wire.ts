import type { Account } from './account.ts'

/** Anything that an answer of AWS can hold. Lists and maps are written as the service's protocol asks. */
export type Wire = string | number | boolean | null | undefined | readonly Wire[] | WireObject
export type WireObject = { readonly [key: string]: Wire }

/** One request, as a service sees it: whose it is, what it asks. */
export interface Call {
  readonly account: Account
  readonly region: string
  readonly action: string
  /** Form fields, JSON members or query parameters. */
  readonly input: WireObject
  /** The path of a REST request, decoded and without its first slash. */
  readonly path: string
  /** The name of the session, for GetCallerIdentity. */
  readonly session: string
}
/** What a service answers: a result, or an error in AWS's own words. */
export type Answer =
  | { readonly result: Wire; readonly root?: string; readonly headers?: Readonly<Record<string, string>> }
  | { readonly fault: Fault }
export interface Fault {
  readonly code: string
  readonly message: string
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
}

/** One service of AWS. One file each, all alike: a table from action to answer. */
export interface Service {
  readonly name: string
  readonly protocol: Protocol
  /** Of its XML; empty for JSON. */
  readonly namespace: string
  readonly actions: Readonly<Record<string, (call: Call) => Answer>>
  /** Nothing is recorded of it. */
  readonly isEmpty?: boolean
}
export type Protocol = 'query' | 'ec2' | 'json' | 'rest-xml'

export function fault(code: string, message: string, status = 400, headers: Readonly<Record<string, string>> = {}): Answer {
  return { fault: { code, message, status, headers } }
}

/** `text` of the input, or empty. */
export function text(call: Call, name: string): string {
  const value = call.input[name]
  return typeof value === 'string' ? value : ''
}

/** A scalar as the wire writes it; empty for lists and objects. */
export function word(value: Wire): string {
  return typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

/** The members of a form list: `GroupId.1`, `GroupId.2`, … */
export function listed(call: Call, name: string): readonly string[] {
  const found: string[] = []
  for (let i = 1; typeof call.input[`${name}.${i}`] === 'string'; i += 1) found.push(text(call, `${name}.${i}`))
  return found
}

/** The filters of an EC2 request, by name. */
export function filters(call: Call): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  for (let i = 1; text(call, `Filter.${i}.Name`) !== ''; i += 1) {
    found.set(text(call, `Filter.${i}.Name`), listed(call, `Filter.${i}.Value`))
  }
  return found
}

/** One page of a list, with the marker of the next one. Markers are offsets. */
export function page<T>(
  all: readonly T[],
  marker: string,
  size: string,
  most: number,
): { items: readonly T[]; next: string | undefined } {
  const from = Number(marker === '' ? 0 : marker)
  const to = from + (size === '' ? most : Math.min(Number(size), most))
  return { items: all.slice(from, to), next: to < all.length ? String(to) : undefined }
}

/**
 * A wire value as XML. `item` names the members of a list; without it, and under a name that ends in `[]`, lists are flattened, as
 * S3 and maps are written.
 */
export function xml(name: string, value: Wire, item: string | null): string {
  if (value === null || value === undefined) return ''
  if (isList(value)) {
    const flat = name.endsWith('[]')
    if (item === null || flat) return value.map((each) => xml(flat ? name.slice(0, -2) : name, each, item)).join('')
    return `<${name}>${value.map((each) => xml(item, each, item)).join('')}</${name}>`
  }
  if (typeof value !== 'object') return `<${name}>${escaped(word(value))}</${name}>`
  const entries = Object.entries(value)
  const attributes = entries
    .filter(([key]) => key.startsWith('@'))
    .map(([key, each]) => ` ${key.slice(1)}="${escaped(word(each))}"`)
  const children = entries.filter(([key]) => !key.startsWith('@')).map(([key, each]) => xml(key, each, item))
  return `<${name}${attributes.join('')}>${children.join('')}</${name}>`
}

/** A whole answer as XML. */
export function xmlDocument(root: string, namespace: string, value: Wire, item: string | null): string {
  const rooted = xml(root, value, item).replace(/^<[\w-]+/, `$& xmlns="${namespace}"`)
  return `<?xml version="1.0" encoding="UTF-8"?>\n${rooted}`
}

function isList(value: Wire): value is readonly Wire[] {
  return Array.isArray(value)
}

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
