import { reach } from './reach.ts'

/** The language without the host: what a detection may reach by name, besides `console`. */
const allowed = new Set<PropertyKey>(
  (
    'Object Function Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Date Promise RegExp Error ' +
    'AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError globalThis JSON Math Map Set WeakMap WeakSet ' +
    'WeakRef BigInt Iterator Proxy Reflect Temporal decodeURI decodeURIComponent encodeURI encodeURIComponent isFinite isNaN atob btoa'
  ).split(' '),
)

/**
 * Takes everything of Node from the global object and freezes the rest all through. Typed arrays go too: their memory does not count
 * into the heap's limit. The permission model is the boundary; this keeps detections from each other and from what it leaves open
 * (signals to other processes, environment, our pipes). What runs afterwards works with what it imported before.
 */
export function lockDown(say: (line: string) => void): void {
  const host = globalThis.process
  for (const name of Reflect.ownKeys(globalThis)) {
    if (!allowed.has(name) && typeof name === 'string') delete (globalThis as Record<string, unknown>)[name]
  }
  // Nothing leads here any more. Should something, the means to reach other processes and modules are gone.
  for (const name of reach) {
    Object.defineProperty(host, name, { value: undefined })
  }
  const log = (...given: readonly unknown[]): void => say(given.map(printed).join(' '))
  const console = { debug: log, error: log, info: log, log, trace: log, warn: log }
  Object.defineProperty(globalThis, 'console', { value: console })
  harden(globalThis, [
    Object.getPrototypeOf(async function nothing() {}),
    Object.getPrototypeOf(function* nothing() {}),
    Object.getPrototypeOf(async function* nothing() {}),
    Object.getPrototypeOf([][Symbol.iterator]()),
    Object.getPrototypeOf(''[Symbol.iterator]()),
    Object.getPrototypeOf(new Map()[Symbol.iterator]()),
    Object.getPrototypeOf(new Set()[Symbol.iterator]()),
    Object.getPrototypeOf(''.matchAll(/x/gu)),
    Object.getPrototypeOf([].values().map((each) => each)),
    Object.getPrototypeOf(Iterator.from({ next: () => ({ done: true, value: undefined }) })),
  ])
}

/** Freezes everything that can be reached, own keys, accessors and prototypes. */
function harden(...roots: readonly unknown[]): void {
  const seen = new Set<object>()
  const waiting: unknown[] = [...roots]
  while (waiting.length > 0) {
    const here = waiting.pop()
    if ((typeof here !== 'object' && typeof here !== 'function') || here === null || seen.has(here)) continue
    seen.add(here)
    Object.freeze(here)
    waiting.push(Object.getPrototypeOf(here))
    for (const name of Reflect.ownKeys(here)) {
      const descriptor: object | undefined = Object.getOwnPropertyDescriptor(here, name)
      // The value, or getter and setter, of the property.
      if (descriptor !== undefined) waiting.push(...Object.values(descriptor))
    }
  }
}

function printed(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Error) return `${value.name}: ${value.message}`
  return JSON.stringify(value) ?? String(value)
}
