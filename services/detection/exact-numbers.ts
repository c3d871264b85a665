/** Of the objects that `parseExactly` made: what was written where a number of ours is another one. */
const written = new WeakMap<object, Map<string, string>>()
/** Longer ones Python refuses to read, and nothing means them. */
const mostDigits = 300

/** Whether a JSON text may hold numbers that JavaScript reads as others: whole ones beyond 2^53, and `1.0`, which Python tells from 1. */
export function mayBeInexact(json: string): boolean {
  return /[:[,]\s*-?\d+(?:\d{15}|\.0+[\s,}\]]|[eE])/u.test(json)
}

/** As `JSON.parse`; `exactText` knows of what it made how each number was written. */
export function parseExactly(json: string): unknown {
  return JSON.parse(json, remember as (this: object, key: string, value: unknown) => unknown)
}

/** As `JSON.stringify`, with the numbers of what `parseExactly` made as they were written. */
export function exactText(value: unknown): string {
  return JSON.stringify(value, restore)
}

function remember(this: object, key: string, value: unknown, { source = '' }: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || source.length > mostDigits || isExact(value, source)) return value
  const own = written.get(this)
  if (own === undefined) written.set(this, new Map([[key, source]]))
  else own.set(key, source)
  return value
}

function isExact(value: number, source: string): boolean {
  return /^-?\d+$/u.test(source) ? Number.isSafeInteger(value) : !Number.isInteger(value)
}

function restore(this: object, key: string, value: unknown): unknown {
  const source = typeof value === 'number' ? written.get(this)?.get(key) : undefined
  return source === undefined ? value : rawJson(source)
}

/** In Node for long, and not yet in the types. */
const { rawJSON: rawJson } = JSON as unknown as { readonly rawJSON: (text: string) => unknown }
