import { createHash, createHmac } from 'node:crypto'
import { STSClient } from '@aws-sdk/client-sts'

const lifeSeconds = 900

interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

/** The token with which MSK knows an IAM identity: of whoever this process is on AWS. kafkajs asks for one at each connection. */
export async function mskToken(region: string): Promise<string> {
  // The SDK finds credentials for its clients; nothing is asked of STS itself.
  const client = new STSClient({ region })
  try {
    return signMskToken(region, await client.config.credentials(), new Date())
  } finally {
    client.destroy()
  }
}

/** An address of `kafka-cluster:Connect`, signed as any AWS request is (Signature Version 4 in the query), in base64url. */
export function signMskToken(region: string, keys: Keys, now: Date): string {
  const host = `kafka.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
  const time = now.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const day = time.slice(0, 8)
  const scope = `${day}/${region}/kafka-cluster/aws4_request`
  const query = Object.entries({
    Action: 'kafka-cluster:Connect',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${keys.accessKeyId}/${scope}`,
    'X-Amz-Date': time,
    'X-Amz-Expires': String(lifeSeconds),
    ...(keys.sessionToken === undefined ? {} : { 'X-Amz-Security-Token': keys.sessionToken }),
    'X-Amz-SignedHeaders': 'host',
  })
    .map(([key, value]) => `${encode(key)}=${encode(value)}`)
    .join('&')
  const request = ['GET', '/', query, `host:${host}`, '', 'host', sha256('')].join('\n')
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(request)].join('\n')
  const key = [day, region, 'kafka-cluster', 'aws4_request'].reduce<Buffer>(
    (secret, part) => hmac(secret, part),
    Buffer.from(`AWS4${keys.secretAccessKey}`),
  )
  const signed = `https://${host}/?${query}&X-Amz-Signature=${hmac(key, text).toString('hex')}&User-Agent=tripline`
  return Buffer.from(signed).toString('base64url')
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
