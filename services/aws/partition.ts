/** An AWS partition: regions that share identities. `main` is where its account-wide services answer. */
export interface Partition {
  readonly name: 'aws' | 'aws-cn' | 'aws-us-gov'
  readonly main: string
}

/** The partition of a region. */
export function partitionOf(region: string): Partition {
  if (region.startsWith('cn-')) return { name: 'aws-cn', main: 'cn-north-1' }
  if (region.startsWith('us-gov-')) return { name: 'aws-us-gov', main: 'us-gov-west-1' }
  return { name: 'aws', main: 'us-east-1' }
}
