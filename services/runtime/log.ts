import { pino, type Logger } from 'pino'

let stream: NodeJS.WriteStream = process.stderr

const root = pino(
  { level: process.env['TRIPLINE_LOG'] ?? 'info', base: null, timestamp: pino.stdTimeFunctions.isoTime },
  { write: (line: string) => void stream.write(line) },
)

/** Sends the log to stdout, where `run` wants it. Commands with results on stdout leave it on stderr. */
export function logToStdout(): void {
  stream = process.stdout
}

/** The logger of one room: JSON, one line a record. Pass identifiers and codes, never foreign error objects. */
export function roomLogger(room: string): Logger {
  return root.child({ room })
}
export type { Logger }
