import { pino, type Logger } from 'pino'

let stream: NodeJS.WriteStream = process.stderr
let onlyErrors = false

const levels: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']
const wanted = process.env['TRIPLINE_LOG'] ?? 'info'

const root = pino(
  { level: levels.includes(wanted) ? wanted : 'info', base: null, timestamp: pino.stdTimeFunctions.isoTime },
  {
    write(line: string) {
      // pino writes the level first: 50 is error, 60 fatal.
      if (!onlyErrors || /^\{"level":[56]0/u.test(line)) stream.write(line)
    },
  },
)

if (!levels.includes(wanted)) root.warn({ given: wanted, allowed: levels }, 'TRIPLINE_LOG is not known, info is taken')

/** Sends the log to stdout, where `run` wants it. Commands with results on stdout leave it on stderr. */
export function logToStdout(): void {
  stream = process.stdout
}

/** Leaves out everything below an error, for commands that show something to people. */
export function logOnlyErrors(): void {
  onlyErrors = true
}

/** The logger of one room: JSON, one line a record. Pass identifiers and codes, never foreign error objects. */
export function roomLogger(room: string): Logger {
  return root.child({ room })
}
export type { Logger }
