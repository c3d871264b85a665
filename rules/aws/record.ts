import type { CloudTrailRecord, RecordValue } from 'tripline'

/** True when the call was carried out: AWS names an error otherwise. */
export function succeeded(record: CloudTrailRecord): boolean {
  return (record.errorCode ?? '') === ''
}

/** The text at a path of keys, or null. */
export function textAt(record: RecordValue | undefined, ...path: readonly string[]): string | null {
  let here = record
  for (const key of path) {
    if (typeof here !== 'object' || here === null || Array.isArray(here)) return null
    here = (here as { readonly [key: string]: RecordValue | undefined })[key]
  }
  return typeof here === 'string' && here !== '' ? here : null
}

/** The shortest name of who did it: user, session or service. */
export function actorOf(record: CloudTrailRecord): string {
  const identity = record.userIdentity
  if (identity?.type === 'Root') return 'root'
  return identity?.userName ?? identity?.arn?.split('/').at(-1) ?? identity?.invokedBy ?? identity?.principalId ?? 'somebody'
}

/** The account in which it happened. */
export function accountOf(record: CloudTrailRecord): string {
  return record.recipientAccountId ?? record.userIdentity?.accountId ?? 'of unknown number'
}
