import type { Actor } from '#model'

/** Nobody acted: somebody says that he saw something. */
export function reported(name: string, kind: string): Actor {
  return {
    kind,
    identity: 'report',
    name,
    claimed: false,
    via: [],
    job: null,
    arn: null,
    accountId: null,
    accessKeyId: null,
    session: null,
    mfa: null,
    tool: null,
    sourceAddress: null,
    userAgent: null,
  }
}
