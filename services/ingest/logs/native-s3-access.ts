import type { JsonObject } from '#model'

/** The columns in their order, by Panther's names. Objects may end after any of the last ones: AWS adds to them. */
const columns = [
  'bucketowner',
  'bucket',
  'time',
  'remoteip',
  'requester',
  'requestid',
  'operation',
  'key',
  'requesturi',
  'httpstatus',
  'errorcode',
  'bytessent',
  'objectsize',
  'totaltime',
  'turnaroundtime',
  'referrer',
  'useragent',
  'versionid',
  'hostid',
  'signatureversion',
  'ciphersuite',
  'authenticationtype',
  'hostheader',
  'tlsVersion',
]
const fewest = 17

/** A record of S3's server access log. Quoted texts are the caller's own words, and quotes in them are not escaped: columns behind them may be made up. */
export function readS3Access(line: string): JsonObject | string {
  const values: string[] = []
  for (let at = 0; at < line.length;) {
    const [open, close] = line[at] === '[' ? ['[', ']'] : line[at] === '"' ? ['"', '"'] : ['', ' ']
    const end = open === '' ? endOf(line, ' ', at) : closing(line, close, at + 1)
    if (end === -1) return `a ${open} that does not end`
    values.push(line.slice(at + open.length, end))
    at = end + close.length + (open === '' ? 0 : 1)
  }
  if (values.length < fewest) return `${values.length} columns; allowed: ${fewest} or more`
  const named = columns.flatMap((name, index) => {
    const value = values[index] ?? '-'
    return value === '-' ? [] : [[name, value] as const]
  })
  const more = values.slice(columns.length).filter((value) => value !== '-')
  return { ...Object.fromEntries(named), ...(more.length === 0 ? {} : { additionalFields: more }) }
}

function endOf(line: string, letter: string, from: number): number {
  const end = line.indexOf(letter, from)
  return end === -1 ? line.length : end
}

/** The closing letter that a blank or the line's end follows. */
function closing(line: string, letter: string, from: number): number {
  for (let end = line.indexOf(letter, from); end !== -1; end = line.indexOf(letter, end + 1)) {
    if (end + 1 === line.length || line[end + 1] === ' ') return end
  }
  return -1
}
