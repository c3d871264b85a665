/**
 * Cuts text that comes in pieces into the JSON texts of its records, one after the other: each value at the top (NDJSON, a single
 * record, an envelope), each member of a list at the top, each member of `Records`. Only brackets and strings are looked at; whether
 * a record is JSON is the decoder's to say. Holds one record at a time, and of one that is too long only its beginning.
 */
export interface Splitter {
  /** The records that end in this piece. */
  push(piece: string): readonly string[]
  /** What is left at the end: a record that was cut off, or letters that are no JSON. */
  end(): readonly string[]
}

/** `byLine`: one record a line, so that a broken line spoils no other. Found out by itself when the first line is a whole record. */
export function createSplitter(options: { byLine: boolean; maxLetters: number }): Splitter {
  // Invariant: `depth` brackets are open; records live at `base` open brackets (1 or 2 inside a list); `inString` is true between
  // quotes. After a list, `skipping` is true until its object closes. `record` is what earlier pieces held of the record at hand.
  let { byLine } = options
  let depth = 0
  let base = 0
  let inString = false
  let escaped = false
  let skipping = false
  let record = ''
  let lines = 0
  let found: string[] = []

  function keep(text: string): void {
    // One letter more than allowed is kept, so that the decoder sees that it is too long.
    record += text.slice(0, Math.max(0, options.maxLetters + 1 - record.length))
  }

  function cut(): void {
    const done = record.trim()
    record = ''
    if (done !== '' && !skipping) found.push(done)
  }

  function opensList(tail: string): boolean {
    if (byLine || base > 0 || skipping) return false
    return depth === 0
      ? (record + tail).trim() === ''
      : depth === 1 && /(?:^|[^\\])"Records"\s*:\s*$/.test(record.slice(-60) + tail)
  }

  function push(piece: string): readonly string[] {
    found = []
    let from = 0
    const cutAt = (until: number, next: number): void => {
      keep(piece.slice(from, until))
      cut()
      from = next
    }
    for (let at = 0; at < piece.length; at += 1) {
      const letter = piece.charCodeAt(at)
      if (letter === newline) {
        lines += 1
        if (byLine || (depth === 0 && !inString)) {
          cutAt(at, at + 1)
          depth = 0
          inString = false
          escaped = false
        }
      } else if (inString) {
        if (escaped) escaped = false
        else if (letter === backslash) escaped = true
        else if (letter === quote) inString = false
      } else if (letter === quote) inString = true
      else if (letter === openBrace || letter === openBracket) {
        if (letter === openBracket && opensList(piece.slice(Math.max(from, at - 60), at))) {
          base = depth + 1
          record = ''
          from = at + 1
        }
        depth += 1
      } else if (letter === closeBrace || letter === closeBracket) {
        depth = Math.max(0, depth - 1)
        if (base > 0 && depth < base) {
          cutAt(at, at + 1)
          base = 0
          skipping = depth > 0
        } else if (depth === base) {
          // A first record on one line, outside of any list: NDJSON.
          byLine ||= base === 0 && lines === 0 && !skipping
          cutAt(at + 1, at + 1)
          skipping = false
        }
      } else if (letter === comma && base > 0 && depth === base) cutAt(at, at + 1)
    }
    keep(piece.slice(from))
    return found
  }

  return {
    push,
    end() {
      found = []
      skipping = false
      cut()
      return found
    },
  }
}

const [newline, quote, comma, openBracket, backslash, closeBracket, openBrace, closeBrace] = [10, 34, 44, 91, 92, 93, 123, 125]
