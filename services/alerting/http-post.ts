import { lookup as resolve, type LookupAddress } from 'node:dns'
import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP } from 'node:net'
import { isAllowed, isLoopbackName } from './addresses.ts'
import { AlertingError } from './error.ts'

export interface Post {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Names the try in errors. */
  readonly attempt: string
  readonly privateNetwork: boolean
  readonly timeoutMs: number
  readonly signal: AbortSignal
}
export interface Answer {
  readonly status: number
  /** What the answer's Retry-After says. */
  readonly retryAfterMs: number | null
}

/**
 * One POST of JSON: no redirect followed, no answer's body read, nothing sent to an address that is not allowed. The address is judged
 * after its name was resolved and is the one that is connected to, so that a name cannot change its mind in between.
 */
export async function postJson(url: URL, post: Post): Promise<Answer> {
  const { attempt, privateNetwork, timeoutMs, signal } = post
  const host = url.hostname.replace(/^\[|\]$/gu, '')
  const local = isLoopbackName(host)
  if (url.protocol !== 'https:' && !local) throw new AlertingError('channel-gone', `${attempt}: its address is not https`)
  const allowed = (address: string): boolean => isAllowed(address, { loopback: local, privateNetwork })
  if (isIP(host) !== 0 && !allowed(host)) throw refusedAddress(attempt)
  if (signal.aborted) throw new AlertingError('unavailable', `${attempt}: stopped before it was sent`)
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  let refused = false
  let sent = false
  try {
    return await new Promise<Answer>((done, fail) => {
      const send = url.protocol === 'https:' ? requestHttps : requestHttp
      const body = Buffer.from(post.body)
      const request = send(url, {
        method: 'POST',
        headers: {
          ...post.headers,
          'content-type': 'application/json; charset=utf-8',
          'content-length': body.length,
          'user-agent': 'Tripline',
        },
        signal: deadline,
        agent: false,
        lookup(name, options, callback) {
          resolve(name, { ...options, all: true }, (error, found) => {
            const addresses: LookupAddress[] = error === null ? found : []
            refused = error === null && (addresses.length === 0 || !addresses.every(({ address }) => allowed(address)))
            const failure = refused ? Object.assign(new Error('address not allowed'), { code: 'EADDRNOTAVAIL' }) : error
            if (failure !== null) callback(failure, '', 0)
            else if (options.all === true) (callback as unknown as AllFound)(null, addresses)
            else callback(null, addresses[0]?.address ?? '', addresses[0]?.family ?? 4)
          })
        },
      })
      request.once('error', fail)
      request.once('response', (response) => {
        done({ status: response.statusCode ?? 0, retryAfterMs: retryAfterOf(response) })
        response.destroy()
      })
      request.once('finish', () => (sent = true))
      request.end(body)
    })
  } catch (error) {
    if (refused) throw refusedAddress(attempt)
    const word = error instanceof Error && 'code' in error ? String(error.code).replaceAll(/[^A-Z_]/gu, '') : 'connection lost'
    // A body that did not leave whole was not taken.
    throw new AlertingError(sent ? 'uncertain' : 'unavailable', `${attempt}: no answer (${word})`)
  }
}

type AllFound = (error: null, addresses: LookupAddress[]) => void

function refusedAddress(attempt: string): AlertingError {
  return new AlertingError('denied', `${attempt}: its address is in a network that is not allowed`)
}

/** Seconds, or a date. */
function retryAfterOf({ headers }: IncomingMessage): number | null {
  const given = headers['retry-after']
  if (given === undefined) return null
  if (/^\d+$/u.test(given)) return Math.max(1_000, Number(given) * 1_000)
  const time = Date.parse(given)
  return Number.isNaN(time) ? null : Math.max(1_000, time - Date.now())
}
