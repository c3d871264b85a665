import type { DBSnapshot, DBSnapshotAttribute } from '@aws-sdk/client-rds'
import type { Session } from '#aws'
import { unless } from '../error.ts'

/** A snapshot of this account, or null. */
export async function describeSnapshot(session: Session, DBSnapshotIdentifier: string): Promise<DBSnapshot | null> {
  const { DescribeDBSnapshotsCommand } = await import('@aws-sdk/client-rds')
  const rds = await session.client('rds')
  const answer = await unless(rds.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier })), 'DBSnapshotNotFoundFault')
  return answer?.DBSnapshots?.[0] ?? null
}

/** Whom a snapshot is shared with; null when there is no such snapshot. */
export async function sharingOf(session: Session, DBSnapshotIdentifier: string): Promise<readonly DBSnapshotAttribute[] | null> {
  const { DescribeDBSnapshotAttributesCommand } = await import('@aws-sdk/client-rds')
  const rds = await session.client('rds')
  const answer = await unless(
    rds.send(new DescribeDBSnapshotAttributesCommand({ DBSnapshotIdentifier })),
    'DBSnapshotNotFoundFault',
  )
  return answer === null ? null : (answer.DBSnapshotAttributesResult?.DBSnapshotAttributes ?? [])
}
