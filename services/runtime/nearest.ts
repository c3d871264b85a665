/** Those of the allowed words that are most like a given one, best first; for messages. */
export function nearest(given: string, allowed: readonly string[], most = 3): readonly string[] {
  const wanted = given.toLowerCase()
  const ranked = allowed.map((word) => ({ word, edits: editsBetween(wanted, word.toLowerCase()) }))
  return ranked
    .toSorted((one, other) => one.edits - other.edits)
    .slice(0, most)
    .map(({ word }) => word)
}

/** How many letters must be put in, taken out or replaced to come from one word to the other. */
function editsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let index = 0; index < Math.min(one.length, 200); index += 1) {
    const next = [index + 1]
    for (let at = 0; at < other.length; at += 1) {
      const replaced = (row[at] ?? 0) + (other[at] === one[index] ? 0 : 1)
      next.push(Math.min(replaced, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
