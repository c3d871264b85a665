// In: the process's surroundings. Out: log, errors, time, waking. Knows no product word.
export { logOnlyErrors, logToStdout, roomLogger, type Logger } from './log.ts'
export { ConfigError, readYaml } from './config.ts'
export { describeError, isRetryable, TriplineError } from './error.ts'
export { backoffMs, sleep, stopSignal } from './time.ts'
export { createBell, type Bell } from './wake.ts'
export { nearest } from './nearest.ts'
export { fits } from './pattern.ts'
