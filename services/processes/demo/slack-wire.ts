import type { IncomingMessage, ServerResponse } from 'node:http'
import { isObject, type Json, type JsonObject } from '#model'

/** Slack's no: HTTP 200 with an error word. */
export class Refused extends Error {
  readonly body: JsonObject
  constructor(error: string, detail?: string) {
    super(error)
    this.body = { ok: false, error, ...(detail === undefined ? {} : { response_metadata: { messages: [`[ERROR] ${detail}`] } }) }
  }
}
/** Slack's not yet: HTTP 429. */
export class TooFast extends Error {
  readonly seconds: number
  constructor(seconds: number) {
    super('ratelimited')
    this.seconds = seconds
  }
}

/** A list that comes as JSON text in a form. */
export function jsonList(form: URLSearchParams, key: string, error: string): readonly Json[] {
  const text = form.get(key)
  if (text === null || text === '') return []
  const parsed = parse(text, error)
  if (!Array.isArray(parsed)) throw new Refused(error)
  return parsed as readonly Json[]
}

/** A message's metadata, checked for Slack's schema. */
export function metadataOf(form: URLSearchParams): JsonObject | null {
  const text = form.get('metadata')
  if (text === null || text === '') return null
  const parsed = parse(text, 'invalid_metadata_format')
  if (!isObject(parsed) || typeof parsed['event_type'] !== 'string' || !isObject(parsed['event_payload'])) {
    throw new Refused('invalid_metadata_schema')
  }
  return parsed
}

function parse(text: string, error: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    throw new Refused(error)
  }
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}

export function send(
  response: ServerResponse,
  status: number,
  body: JsonObject,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
  response.end(JSON.stringify(body))
}
