import { readFolders, stampOf, type FoldersContent, type FolderStamp } from './source-folders.ts'

/** Folders of detections as they were read, which say when they hold something else. */
export interface OpenFolders {
  readonly content: FoldersContent
  /** Their new content, once it stays as it is; null as long as there is none. Throws where they cannot be read. */
  look(): Promise<FoldersContent | null>
}

interface Times {
  /** Between two looks; longer where a look takes long, as on a network's file system. */
  readonly leastMs: number
  /** Files that are gone may be on their way from elsewhere: nothing is taken away before that. */
  readonly goneMs: number
}
const usual: Times = { leastMs: 1_000, goneMs: 10_000 }
/** A look takes no more than this part of the time; but a busy machine is not waited for longer than so. */
const [lookShare, mostMs] = [1 / 20, 4_000]

/**
 * Asks for names, sizes and times again and again: a notice of the system would not come over a network, nor of a mounted folder that is
 * replaced as a whole. What has changed is read when two looks agree, so that a save that is half written is none.
 */
export async function openFolders(given: readonly string[], { leastMs, goneMs }: Times = usual): Promise<OpenFolders> {
  const first = await readFolders(given)
  let [known, digest]: [FolderStamp, string] = [first.stamp, first.digest]
  let pending: { readonly stamp: FolderStamp; readonly since: number } | null = null
  let nextAt = 0
  return {
    content: first,
    async look() {
      const began = performance.now()
      if (began < nextAt) return null
      try {
        const stamp = await stampOf(given)
        if (stamp.text === known.text) {
          pending = null
          return null
        }
        if (pending?.stamp.text !== stamp.text) {
          pending = { stamp, since: began }
          return null
        }
        if (stamp.files < known.files && began - pending.since < goneMs) return null
        const content = await readFolders(given)
        if (content.stamp.text !== stamp.text) return null
        known = stamp
        pending = null
        if (content.digest === digest) return null
        digest = content.digest
        return content
      } finally {
        nextAt = performance.now() + Math.max(leastMs, Math.min(mostMs, (performance.now() - began) / lookShare))
      }
    },
  }
}
