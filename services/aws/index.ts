// In: account and region. Out: AWS clients that act as its audit role.
export type { Session, Sessions } from './session.ts'
export { createSessions, type SessionsConfig } from './sessions.ts'
export { AwsError, type AwsErrorCode } from './error.ts'
