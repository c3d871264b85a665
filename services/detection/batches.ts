/** Cuts a list into batches of at most `most` in weight; what is heavier is a batch of its own. */
export function* batchesOf<Item>(items: readonly Item[], weigh: (item: Item) => number, most: number): Generator<readonly Item[]> {
  let [from, weight] = [0, 0]
  for (const [index, item] of items.entries()) {
    const own = weigh(item)
    if (index > from && weight + own > most) {
      yield items.slice(from, index)
      ;[from, weight] = [index, 0]
    }
    weight += own
  }
  if (from < items.length) yield items.slice(from)
}
