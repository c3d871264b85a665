/** A counter, texts or JSON text under a key of the cache that rules share, and when it ends: seconds since 1970, or never. */
export type CacheEntry =
  | readonly [kind: 'n', value: number, until: number | null]
  | readonly [kind: 's', value: readonly string[], until: number | null]
  | readonly [kind: 'd', value: string, until: number | null]
/** What a rule did to a key, so that what several processes do adds up. */
export type CacheWrite = readonly [
  key: string,
  how:
    | readonly ['add', number, number | null]
    | readonly ['join' | 'leave', readonly string[], number | null]
    | readonly ['put', string, number | null]
    | readonly ['until', number | null]
    | readonly ['drop'],
]
