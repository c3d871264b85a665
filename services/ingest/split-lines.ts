import { limits } from './limits.ts'
import type { LogParser } from './logs/log-schema.ts'
import { isHeader } from './logs/parse-line.ts'
import { createSplitter, type Splitter } from './split-records.ts'

/** What cuts a log into bodies of one record: JSON values, or lines. */
export function splitterOf(parser: LogParser): Splitter {
  if (parser.kind === 'json') return createSplitter({ byLine: false, maxLetters: limits.bytes })
  return createLineSplitter({ isHeader: (line) => isHeader(parser, line), maxLetters: limits.bytes })
}

/** Cuts text that comes in pieces into lines; blank ones are none. Where the first line is a header, it stands above each of the others. */
export function createLineSplitter(options: { isHeader: (line: string) => boolean; maxLetters: number }): Splitter {
  let rest = ''
  let header: string | null = null
  let first = true

  function take(line: string): readonly string[] {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line
    if (text.trim() === '') return []
    const isFirst = first
    first = false
    if (isFirst && options.isHeader(text)) {
      header = text
      return []
    }
    return [header === null ? text : `${header}\n${text}`]
  }

  return {
    push(piece) {
      const lines = (rest + piece).split('\n')
      // One letter more than allowed is kept of a line that does not end, so that the decoder sees that it is too long.
      rest = (lines.pop() ?? '').slice(0, options.maxLetters + 1)
      return lines.flatMap(take)
    },
    end() {
      const last = rest
      rest = ''
      return take(last)
    },
  }
}
