import type { Gap, Records } from '#store'
import type { Parts } from './parts.ts'

/** Where services that are not of a region report what was done. */
const mainRegions: ReadonlySet<string> = new Set(['us-east-1', 'us-gov-west-1', 'cn-north-1', 'cn-northwest-1'])

/** Notes a gap and begins to look at everything that it may hide; null when it is known. */
export async function openGap(
  parts: Pick<Parts, 'inventory'>,
  records: Records,
  given: Parameters<Records['gaps']['open']>[0],
): Promise<Gap | null> {
  const gap = await records.gaps.open(given)
  if (gap !== null) await scanGap(parts, records, gap, gap.until === null ? 'begin' : 'end')
  return gap
}

/** Looks at everything of the gap's region, and at what is of no region where that reports. */
export async function scanGap(
  { inventory }: Pick<Parts, 'inventory'>,
  records: Records,
  { id, accountId, region }: Pick<Gap, 'id' | 'accountId' | 'region'>,
  when: 'begin' | 'end',
): Promise<void> {
  const scope = inventory.types.flatMap((type) => {
    if (inventory.scope(type) !== 'global') return [{ region, type }]
    return mainRegions.has(region) ? [{ region: 'global', type }] : []
  })
  if (scope.length === 0) return
  const scanId = await records.scans.begin({ accountId, kind: 'gap', key: `${id} ${when}`, parts: scope })
  if (scanId !== null) await records.gaps.scanned(id, scanId)
}
