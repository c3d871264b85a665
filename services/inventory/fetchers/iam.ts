import type { Session } from '#aws'
import { decodeDocument, lastPart, must } from '../reading.ts'

/** The name in an id of the session's account, with its path or without; null for any other text. */
export function nameIn({ accountId, partition }: Session, word: 'user' | 'role' | 'group', id: string): string | null {
  return id.startsWith(`arn:${partition}:iam::${accountId}:${word}/`) ? lastPart(id) || null : null
}

/** IAM's events tell names, which are unique whatever their path: the id without it. */
export function withoutPath(id: string): string {
  return id.replace(/^(arn:[^:]+:iam::\d+:(?:user|role|group)\/).*\//, '$1')
}

/** Inline policies by name. */
export async function documentsOf(
  names: readonly string[],
  read: (name: string) => Promise<{ PolicyDocument?: string | undefined }>,
): Promise<Record<string, string>> {
  const documents = names.map(async (name) => {
    const { PolicyDocument } = await read(name)
    return [name, decodeDocument(must(PolicyDocument, 'PolicyDocument'))] as const
  })
  return Object.fromEntries(await Promise.all(documents))
}
