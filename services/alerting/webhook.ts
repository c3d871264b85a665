import { createHmac } from 'node:crypto'
import type { JsonObject } from '#model'
import type { Destination, Outgoing } from './destination.ts'
import { alertDocument } from './document.ts'
import { AlertingError, type AlertingErrorCode } from './error.ts'
import { postJson } from './http-post.ts'
import { createPace } from './pace.ts'

export interface WebhookOptions {
  readonly name: string
  /** https, or http on loopback. */
  readonly url: string
  /** Signs every request. Kept in memory only. */
  readonly key: string
  /** True: addresses of private networks are allowed. */
  readonly privateNetwork?: boolean
  /** For one request. */
  readonly timeoutMs?: number
}

const mostBytes = 256 * 1024
const perSecond = 20

/**
 * A program's address: each alert is one signed POST, each later version of it another with a higher revision. Redirects are not
 * followed. A receiver that knows the idempotency key need not do it again.
 */
export function createWebhook({ name, url, key, privateNetwork = false, timeoutMs = 5_000 }: WebhookOptions): Destination {
  const target = new URL(url)
  const pace = createPace(perSecond)

  async function send(alert: Outgoing, signal: AbortSignal): Promise<JsonObject> {
    const attempt = `posting to ${name}`
    const closed = pace.closedMs(name)
    if (closed > 0) throw new AlertingError('rate-limited', `${attempt}: it asked to wait, ${closed} ms are left`, closed)
    const body = alertDocument(alert, mostBytes)
    const seconds = Math.floor(Date.now() / 1_000)
    const headers = {
      'tripline-signature': `t=${seconds},v1=${sign(key, seconds, body)}`,
      'tripline-delivery': alert.deliveryId,
      'tripline-revision': String(alert.revision),
      'idempotency-key': `${alert.deliveryId}-${alert.revision}`,
    }
    const { status, retryAfterMs } = await postJson(target, { headers, body, attempt, privateNetwork, timeoutMs, signal })
    if (status >= 200 && status < 300) return { delivery: alert.deliveryId }
    if (status === 429 || retryAfterMs !== null) {
      const ms = retryAfterMs ?? 5_000
      const error = new AlertingError('rate-limited', `${attempt}: it answered HTTP ${status} and asks to wait ${ms} ms`, ms)
      pace.close(name, error.retryAfterMs ?? 0)
      throw error
    }
    throw new AlertingError(meaningOf(status), `${attempt}: it answered HTTP ${status}`)
  }

  return {
    name,
    threads: false,
    gapMs: 0,
    post: (_, alert, signal) => send(alert, signal),
    edit: (_, alert, signal) => send(alert, signal),
  }
}

function sign(key: string, seconds: number, body: string): string {
  return createHmac('sha256', key).update(`${seconds}.${body}`).digest('hex')
}

function meaningOf(status: number): AlertingErrorCode {
  if (status >= 500) return 'uncertain'
  if (status === 401 || status === 403) return 'denied'
  // A redirect is an address that has moved, and nobody but the configuration may say where to.
  if (status === 404 || status === 410 || status < 400) return 'channel-gone'
  return [408, 409, 425].includes(status) ? 'unavailable' : 'refused'
}
