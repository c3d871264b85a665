import type { Page } from '#inventory'

/** All ids of a listing. */
export async function idsOf(pages: AsyncIterable<Page>): Promise<readonly string[]> {
  return (await Array.fromAsync(pages)).flatMap(({ ids }) => ids)
}
