import { expect, test } from 'vitest'
import { signMskToken } from '../../services/ingest/kafka-msk.ts'

test('a token for MSK is the address of kafka-cluster:Connect, signed as the SDK of AWS signs it', () => {
  const keys = {
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
    sessionToken: 'to/ke+n==',
  }
  const token = signMskToken('eu-west-1', keys, new Date('2026-11-21T20:00:00Z'))
  expect(token).toMatch(/^[\w-]+$/u)
  const { host, searchParams } = new URL(Buffer.from(token, 'base64url').toString())
  expect(host).toBe('kafka.eu-west-1.amazonaws.com')
  expect(Object.fromEntries(searchParams)).toEqual({
    Action: 'kafka-cluster:Connect',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': 'AKIDEXAMPLE/20261121/eu-west-1/kafka-cluster/aws4_request',
    'X-Amz-Date': '20261121T200000Z',
    'X-Amz-Expires': '900',
    'X-Amz-Security-Token': 'to/ke+n==',
    'X-Amz-SignedHeaders': 'host',
    // What @smithy/signature-v4 5 made of the same request.
    'X-Amz-Signature': '2898d48a183d75f5893674eeb9efae02ad2ceefb54ce7130a2d57f11f8e79217',
    'User-Agent': 'tripline',
  })
})
