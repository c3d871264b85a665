/** Reads a time: milliseconds since 1970, NaN when the value has not this form. */
export type TimeReader = (value: string | number) => number

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** What stands for each letter behind `%`. Each group is one of `Y m d H M S f z b p`. */
const letters: Readonly<Record<string, string>> = {
  Y: '(?<Y>\\d{4})',
  y: '(?<y>\\d{2})',
  m: '(?<m>\\d{1,2})',
  b: '(?<b>[A-Za-z]{3})[a-z]*',
  h: '(?<b>[A-Za-z]{3})[a-z]*',
  B: '(?<b>[A-Za-z]{3})[a-z]*',
  d: '(?<d>\\d{1,2})',
  e: ' ?(?<d>\\d{1,2})',
  H: '(?<H>\\d{1,2})',
  I: '(?<H>\\d{1,2})',
  M: '(?<M>\\d{2})',
  S: '(?<S>\\d{2})',
  f: '(?<f>\\d{1,9})',
  L: '(?<f>\\d{1,9})',
  N: '(?<f>\\d{1,9})',
  p: '(?<p>[AaPp][Mm])',
  z: '(?<z>Z|[+-]\\d{2}:?\\d{2})',
  Z: '(?:UTC|GMT|Z)',
  a: '[A-Za-z]{3}',
  A: '[A-Za-z]{3,9}',
  n: '\\s',
  t: '\\s',
  '%': '%',
}
const short: Readonly<Record<string, string>> = {
  F: '%Y-%m-%d',
  T: '%H:%M:%S',
  R: '%H:%M',
  D: '%m/%d/%y',
  c: '%a %b %e %H:%M:%S %Y',
}

const scales: Readonly<Record<string, number>> = { unix: 1_000, unix_ms: 1, unix_us: 1e-3, unix_ns: 1e-6 }

/** The reader of a format: `rfc3339`, `unix`, `unix_ms`, `unix_us`, `unix_ns`, `unix_auto`, or one of strftime's. Null for what is none. */
export function timeReader(format: string): TimeReader | null {
  if (format === 'rfc3339') return (value) => (typeof value === 'string' ? readRfc3339(value) : Number.NaN)
  if (format === 'unix_auto') return (value) => scaled(value, null)
  const scale = Object.hasOwn(scales, format) ? scales[format] : undefined
  if (scale !== undefined) return (value) => scaled(value, scale)
  if (!format.includes('%')) return null
  const pattern = patternOf(format)
  return pattern === null ? null : (value) => readByPattern(String(value), pattern)
}

function readRfc3339(text: string): number {
  return /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/iu.test(text)
    ? Date.parse(text.replace(' ', 'T'))
    : Number.NaN
}

function scaled(value: string | number, scale: number | null): number {
  const number = typeof value === 'number' ? value : /^-?\d{1,20}(?:\.\d{1,9})?$/u.test(value) ? Number(value) : Number.NaN
  // By its size: seconds until the year 5138, then milliseconds, microseconds, nanoseconds.
  const by = scale ?? (Math.abs(number) < 1e11 ? 1_000 : Math.abs(number) < 1e14 ? 1 : Math.abs(number) < 1e17 ? 1e-3 : 1e-6)
  const ms = Math.trunc(number * by)
  return Math.abs(ms) <= 8.64e15 ? ms : Number.NaN
}

function patternOf(format: string): RegExp | null {
  let text = ''
  const whole = format.replaceAll(/%([FTRDc])/gu, (_, letter: string) => short[letter] ?? '')
  for (let at = 0; at < whole.length; at += 1) {
    if (whole[at] !== '%') {
      text += RegExp.escape(whole[at] ?? '')
      continue
    }
    at += 1
    const known = Object.hasOwn(letters, whole[at] ?? '') ? letters[whole[at] ?? ''] : undefined
    if (known === undefined) return null
    text += known
  }
  try {
    return new RegExp(`^${text}$`, 'u')
  } catch {
    // A part that stands there twice.
    return null
  }
}

function readByPattern(text: string, pattern: RegExp): number {
  const found = text.length > 100 ? null : pattern.exec(text)?.groups
  if (found === null || found === undefined) return Number.NaN
  const part = (name: string, otherwise: number): number => (found[name] === undefined ? otherwise : Number(found[name]))
  const month = found['b'] === undefined ? part('m', 1) : months.indexOf(found['b'].toLowerCase()) + 1
  const year = found['y'] === undefined ? part('Y', new Date().getUTCFullYear()) : 2_000 + Number(found['y'])
  const [day, minute, second] = [part('d', 1), part('M', 0), part('S', 0)]
  const half = found['p']?.toLowerCase()
  const hour = half === undefined ? part('H', 0) : (part('H', 12) % 12) + (half === 'pm' ? 12 : 0)
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return Number.NaN
  const fraction = Number(`0.${found['f'] ?? '0'}`) * 1_000
  return Date.UTC(year, month - 1, day, hour, minute, second) + Math.trunc(fraction) - zoneMs(found['z'])
}

function zoneMs(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0
  const digits = zone.slice(1).replace(':', '')
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000
}
