/** How both drivers read types that they would read differently: int8 as a number, timestamptz as a Date. */
export const parsers: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [20, Number],
  [1184, (text) => new Date(text)],
])
