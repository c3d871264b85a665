/** Anything JSON can hold. Outside data is read as `Json` and never merged into objects of ours. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject

/** A JSON object. Keys come from outside: look them up, never write to them. */
export type JsonObject = { readonly [key: string]: Json }

/** True for a JSON object (not null, not an array). */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value at a path of keys, or undefined where the path ends early. Own properties only. */
export function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let here = value
  for (const key of path) {
    if (!isObject(here) || !Object.hasOwn(here, key)) return undefined
    here = here[key]
  }
  return here
}

/** The text at a path, or null when there is none or it is empty. */
export function textAt(value: Json | undefined, ...path: readonly string[]): string | null {
  const found = at(value, ...path)
  return typeof found === 'string' && found !== '' ? found : null
}

/** JSON text with the keys of every object sorted, so that equal values give equal text. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map((each) => canonical(each as Json)).join(',')}]`
  if (isObject(value)) {
    const keys = Object.keys(value).toSorted()
    return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key] as Json)}`).join(',')}}`
  }
  return JSON.stringify(value)
}
