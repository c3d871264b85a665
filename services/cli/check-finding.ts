import { ErrorCode } from '@slack/web-api'
import { TriplineError } from '#runtime'

/** One thing looked at. */
export interface Finding {
  readonly what: string
  readonly ok: boolean
  /** True: `run` would start, and somebody should look. */
  readonly warning?: boolean
  readonly detail: string
  /** Each thing that `detail` counts; for machines. */
  readonly parts?: readonly object[]
}

/** Looks, and turns what is thrown into a finding. */
export async function attempt(what: string, look: () => Promise<string | Omit<Finding, 'what'>>): Promise<Finding> {
  try {
    const found = await look()
    return typeof found === 'string' ? { what, ok: true, detail: found } : { what, ...found }
  } catch (error) {
    return { what, ok: false, detail: wordsOf(error) }
  }
}

/** What went wrong, for people. Of foreign errors only name and message are shown: they may carry requests with credentials. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const slack = slackWords(error)
  if (slack !== null) return slack
  const ours = error instanceof TriplineError || error.name === 'Error'
  return (ours ? error.message : `${error.message} (${error.name})`).slice(0, 1_000)
}

function slackWords(error: Error): string | null {
  const code = 'data' in error ? (error.data as { error?: unknown }).error : undefined
  if ('code' in error && error.code === ErrorCode.RateLimitedError) return 'Slack limits the rate; try again in a minute'
  if (typeof code !== 'string') return null
  return slackMeanings[code] ?? `Slack says ${code}`
}

const noToken = 'allowed: the bot token (xoxb-…) of the app that is installed in this workspace'
const noChannel =
  'there is no such channel, or it is private and the bot is not in it; allowed: the id or name of a channel that the bot is in'
const slackMeanings: Readonly<Record<string, string>> = {
  invalid_auth: `Slack does not know the token (invalid_auth); ${noToken}`,
  not_authed: `Slack was given no token (not_authed); ${noToken}`,
  account_inactive: `the app was removed from the workspace (account_inactive); ${noToken}`,
  token_revoked: `the token was taken back (token_revoked); ${noToken}`,
  token_expired: `the token has expired (token_expired); ${noToken}`,
  channel_not_found: `${noChannel} (channel_not_found)`,
  missing_scope:
    'cannot be looked up: the token has not the scopes for it (missing_scope); allowed: channels:read, and groups:read for private channels',
}
