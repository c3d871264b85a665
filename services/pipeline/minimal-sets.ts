/** Tries sets of differences: whether each target passes once a set is put back, in the order of the sets. */
export type Trial = (sets: readonly (readonly number[])[]) => Promise<readonly ((target: number) => boolean)[]>

/** Each pair is tried up to so many differences. */
const mostPaired = 12
/** Of differences of which each alone would do. */
const mostShown = 5

/**
 * The smallest sets of `count` differences whose return makes a target pass, for each target; null where not even all of them do, or
 * where `budget` trials are not enough. Where one difference is enough, each that is enough is in the set: without any of them the
 * target would pass. Of larger sets one is found: smallest of all among pairs, else one of which nothing can be left out.
 */
export async function minimalSets(
  count: number,
  targets: number,
  trial: Trial,
  budget: number,
): Promise<readonly (readonly number[] | null)[]> {
  const found: (readonly number[] | null)[] = Array.from({ length: targets }, () => null)
  const all = Array.from({ length: count }, (_, index) => index)
  if (count === 0) return found
  let left = budget
  const tryOut: Trial = async (sets) => {
    left -= sets.length
    return await trial(sets)
  }
  const singles = count > 1 && count < left ? all.map((index) => [index]) : []
  const [whole, ...alone] = await tryOut([all, ...singles])
  let open = found.map((_, target) => target).filter((target) => whole?.(target) === true)
  open = open.filter((target) => {
    const enough = all.filter((index) => alone[index]?.(target) === true).slice(0, mostShown)
    if (enough.length > 0) found[target] = enough
    else if (count <= 2 && (count === 1 || singles.length > 0)) found[target] = all
    return found[target] === null
  })
  const pairs = open.length > 0 && count <= mostPaired ? pairsOf(all) : []
  if (pairs.length > 0 && pairs.length <= left) {
    const answers = await tryOut(pairs)
    open = open.filter((target) => {
      const enough = pairs.find((_, index) => answers[index]?.(target) === true)
      if (enough !== undefined) found[target] = enough
      return enough === undefined
    })
  }
  for (const target of open) {
    found[target] = await reduced(all, async (sets) => {
      if (sets.length > left) return null
      return (await tryOut(sets)).findIndex((passes) => passes(target))
    })
  }
  return found
}

function pairsOf(all: readonly number[]): readonly (readonly number[])[] {
  return all.flatMap((one) => all.filter((other) => other > one).map((other) => [one, other]))
}

/** A part of a set that passes, of which nothing can be left out (delta debugging). `first`: the first set that passes, or -1; null to give up. */
async function reduced(
  all: readonly number[],
  first: (sets: readonly (readonly number[])[]) => Promise<number | null>,
): Promise<readonly number[] | null> {
  let [set, parts] = [all, 2]
  while (set.length > 1) {
    const size = Math.ceil(set.length / parts)
    const chunks = Array.from({ length: Math.ceil(set.length / size) }, (_, index) => set.slice(index * size, (index + 1) * size))
    const rests = chunks.length > 2 ? chunks.map((chunk) => set.filter((each) => !chunk.includes(each))) : []
    const tried = [...chunks, ...rests]
    const index = await first(tried)
    if (index === null) return null
    const smaller = tried[index]
    if (smaller !== undefined) {
      set = smaller
      parts = index < chunks.length ? 2 : Math.max(chunks.length - 1, 2)
    } else if (size === 1) return set
    else parts = Math.min(parts * 2, set.length)
  }
  return set
}
