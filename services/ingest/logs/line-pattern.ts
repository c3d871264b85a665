import { setFlagsFromString } from 'node:v8'

// Whoever writes into a log writes its lines: on a pattern of four `.*?` one that goes back and forth takes minutes over 400 blanks, and
// hours over a longer line. V8 has a second way, by which the time grows with the line alone; the flag only makes its letter `l` known.
setFlagsFromString('--enable-experimental-regexp-engine')

/** The pattern of lines, whose time grows with the line alone; else what is allowed. Like RE2, from which Panther's patterns are. */
export function linePattern(source: string): RegExp | { readonly allowed: string } {
  try {
    // Stricter: finds what a plain pattern takes literally.
    RegExp(source, 'u')
  } catch (error) {
    return { allowed: `a regular expression (${error instanceof Error ? error.message.slice(0, 120) : 'unreadable'})` }
  }
  if (/\\[pP]\{|\\u\{|[\u{10000}-\u{10FFFF}]/u.test(source)) return { allowed: 'letters without \\p{…}, \\u{…} and emoji' }
  try {
    // The linter does not know the letter.
    // oxlint-disable-next-line no-invalid-regexp
    return new RegExp(source, 'l')
  } catch {
    return {
      allowed: 'what takes no longer than its line is long: no (?=…), no \\1, counts up to {16}, as [0-9a-f]{16}[0-9a-f]{16}',
    }
  }
}
