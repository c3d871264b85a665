import { isObject, type Json, type JsonObject } from '#model'
import { refuseText } from './limits.ts'

/** An object that a notification names. */
export interface NamedObject {
  readonly bucket: string
  readonly key: string
}

/**
 * The new objects that a notification names: S3's own, EventBridge's "Object Created", CloudTrail's by SNS; each alone or wrapped by SNS.
 * Null when it is none of them. Other news of a bucket names no new object.
 */
export function readNotification(body: string): readonly NamedObject[] | null {
  const value = parsed(body)
  if (value === null) return null
  const message = value['Type'] === 'Notification' ? value['Message'] : undefined
  return typeof message === 'string' ? ofMessage(parsed(message)) : ofMessage(value)
}

/** CloudTrail's own log files; digests and insights beside them, and whatever else a bucket holds, are not. */
export function isTrailKey(key: string): boolean {
  return /(?:^|\/)AWSLogs\/(?:o-[a-z0-9]{10,32}\/)?\d{12}\/CloudTrail\/[a-z0-9-]+\/\d{4}\/\d{2}\/\d{2}\/[^/]+\.json(?:\.gz)?$/u.test(
    key,
  )
}

function parsed(text: string): JsonObject | null {
  if (refuseText(text) !== null) return null
  try {
    const value = JSON.parse(text) as Json
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

function ofMessage(message: JsonObject | null): readonly NamedObject[] | null {
  if (message === null) return null
  if (message['Event'] === 's3:TestEvent') return []
  if (message['source'] === 'aws.s3') {
    const detail = message['detail-type'] === 'Object Created' ? message['detail'] : null
    return detail === null ? [] : named(detail, (key) => key)
  }
  const keys = message['s3ObjectKey']
  if (Array.isArray(keys)) {
    const bucket = message['s3Bucket']
    return all((keys as readonly Json[]).map((key) => named({ bucket: { name: bucket ?? null }, object: { key } }, (each) => each)))
  }
  const records = message['Records']
  return Array.isArray(records) ? all((records as readonly Json[]).map(ofRecord)) : null
}

function ofRecord(record: Json): readonly NamedObject[] | null {
  if (!isObject(record) || record['eventSource'] !== 'aws:s3') return null
  const name = record['eventName']
  if (typeof name !== 'string' || !name.startsWith('ObjectCreated:')) return []
  return named(record['s3'], decoded)
}

function named(where: Json | undefined, keyOf: (key: string) => string | null): readonly NamedObject[] | null {
  if (!isObject(where) || !isObject(where['bucket']) || !isObject(where['object'])) return null
  const bucket = where['bucket']['name']
  const given = where['object']['key']
  const key = typeof given === 'string' ? keyOf(given) : null
  // Access points and anything else that is no bucket's name could lead the client elsewhere.
  return typeof bucket === 'string' && /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/u.test(bucket) && key !== null ? [{ bucket, key }] : null
}

/** S3's own notifications write keys as forms do. */
function decoded(key: string): string | null {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '))
  } catch {
    return null
  }
}

function all(each: readonly (readonly NamedObject[] | null)[]): readonly NamedObject[] | null {
  return each.includes(null) ? null : each.flatMap((objects) => objects ?? [])
}
