import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from '@slack/web-api'
import { AlertingError, type AlertingErrorCode } from './error.ts'

/** Slack's error words, by what follows from them. Unknown ones are `unexplained`: tried again a few times, with a growing wait. */
const codes: ReadonlyMap<string, AlertingErrorCode> = new Map(
  Object.entries({
    'channel-gone': ['channel_not_found', 'is_archived', 'channel_is_archived'],
    denied: [
      'not_in_channel',
      'restricted_action',
      'restricted_action_read_only_channel',
      'restricted_action_thread_only_channel',
      'restricted_action_non_threadable_channel',
      'restricted_action_thread_locked',
      'posting_to_general_channel_denied',
      'access_denied',
      'method_not_supported_for_channel_type',
      'team_access_not_granted',
      'messages_tab_disabled',
    ],
    'message-gone': ['message_not_found', 'thread_not_found', 'cannot_reply_to_message'],
    'edit-refused': ['cant_update_message', 'edit_window_closed'],
    unavailable: ['service_unavailable', 'request_timeout', 'team_added_to_org', 'ratelimited', 'rate_limited'],
    'token-refused': [
      'invalid_auth',
      'not_authed',
      'token_revoked',
      'token_expired',
      'account_inactive',
      'no_permission',
      'missing_scope',
      'not_allowed_token_type',
      'org_login_required',
      'ekm_access_denied',
      'two_factor_setup_required',
    ],
    // Slack says of these that part of the work may have been done.
    uncertain: ['fatal_error', 'internal_error'],
    refused: [
      'invalid_blocks',
      'invalid_blocks_format',
      'invalid_attachments',
      'too_many_attachments',
      'msg_blocks_too_long',
      'msg_too_long',
      'no_text',
      'invalid_arguments',
      'invalid_metadata_format',
      'invalid_metadata_schema',
      'metadata_too_large',
    ],
  } satisfies Partial<Record<AlertingErrorCode, readonly string[]>>).flatMap(([code, words]) =>
    words.map((word) => [word, code as AlertingErrorCode] as const),
  ),
)

/** Our error for what a call threw. `attempt` names it: `posting to #payments`; `closes`: what a 429 makes wait. Only closed words of the foreign error are kept. */
export function slackError(error: unknown, attempt: string, closes: AlertingError['closes']): AlertingError {
  if (error instanceof AlertingError) return error
  if (error instanceof WebAPIRateLimitedError) {
    const ms = Math.max(1, error.retryAfter) * 1_000
    return new AlertingError('rate-limited', `${attempt}: Slack asks to wait ${ms} ms`, ms, closes)
  }
  if (error instanceof WebAPIPlatformError) {
    const word = error.data.error
    // Not an error word: some gateway's page, behind which the call may have gone through.
    if (!/^[a-z_]{1,60}$/u.test(word)) return new AlertingError('uncertain', `${attempt}: the answer is not Slack's`)
    return new AlertingError(codes.get(word) ?? 'unexplained', `${attempt}: Slack answered ${word}`)
  }
  if (error instanceof WebAPIHTTPError) {
    // A gateway may have passed the call on before it failed.
    const code = error.statusCode >= 500 ? 'uncertain' : 'unavailable'
    return new AlertingError(code, `${attempt}: Slack answered HTTP ${error.statusCode}`)
  }
  if (error instanceof WebAPIRequestError) {
    const word = networkWord(error.original)
    const code = neverSent.has(word) ? 'unavailable' : 'uncertain'
    return new AlertingError(code, `${attempt}: no answer from Slack (${word})`)
  }
  return new AlertingError(
    'uncertain',
    `${attempt}: no usable answer from Slack (${error instanceof Error ? error.name : 'unknown'})`,
  )
}

/** Failures before a byte of the call left. */
const neverSent: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** The system's word for a network failure; fetch keeps it in the cause. */
function networkWord(error: Error): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string' && /^[A-Z_0-9]{2,40}$/u.test(at.code)) return at.code
    if (at.name === 'TimeoutError' || at.name === 'AbortError') return at.name
  }
  return 'connection lost'
}
