const form = /^[a-z]{2,5}(?:-[a-z]{1,12}){1,3}-\d{1,2}$/

/** True for what has the form of a region's name. Regions become part of host names, so nothing else may pass. */
export function isRegion(text: string): boolean {
  if (known.has(text)) return true
  if (!form.test(text)) return false
  if (known.size < 100) known.add(text)
  return true
}
/** Events come from the same few regions over and over. */
const known = new Set<string>()

/** `aws`, `aws-cn`, `aws-us-gov`, … as a region's name tells it. */
export function partitionOf(region: string): string {
  return partitions.find(([prefix]) => region.startsWith(prefix))?.[1] ?? 'aws'
}
const partitions = [
  ['cn-', 'aws-cn'],
  ['us-gov-', 'aws-us-gov'],
  ['us-iso-', 'aws-iso'],
  ['us-isob-', 'aws-iso-b'],
  ['us-isof-', 'aws-iso-f'],
  ['eu-isoe-', 'aws-iso-e'],
  ['eusc-', 'aws-eusc'],
] as const
