import { expect, test } from 'vitest'
import { inShort, touched, type Call } from '../support/touched.ts'

const account = '111111111111'
const certificateArn = `arn:aws:acm:us-east-1:${account}:certificate/12345678-1234-1234-1234-123456789012`
const here = `us-east-1 ${certificateArn}`
const tags = [{ key: 'team', value: 'shop' }]

test.each<[Call, readonly string[]]>([
  [{ name: 'RequestCertificate', request: { domainName: 'a.example.com' }, response: { certificateArn } }, [`create ${here}`]],
  [{ name: 'ImportCertificate', request: { certificate: {} }, response: { certificateArn } }, [`create ${here}`]],
  [{ name: 'ImportCertificate', request: { certificateArn, certificate: {} }, response: { certificateArn } }, [`update ${here}`]],
  [{ name: 'UpdateCertificateOptions', request: { certificateArn } }, [`update ${here}`]],
  [{ name: 'RenewCertificate', request: { certificateArn } }, [`update ${here}`]],
  [{ name: 'RevokeCertificate', request: { certificateArn, revocationReason: 'SUPERSEDED' } }, [`update ${here}`]],
  [{ name: 'AddTagsToCertificate', request: { certificateArn, tags } }, [`update ${here}`]],
  [{ name: 'RemoveTagsFromCertificate', request: { certificateArn, tags } }, [`update ${here}`]],
  [{ name: 'DeleteCertificate', request: { certificateArn } }, [`delete ${here}`]],
  // Another region's, another account's, another service's, and none at all.
  [{ name: 'DeleteCertificate', region: 'eu-west-1', request: { certificateArn } }, [`delete ${here}`]],
  [{ name: 'DeleteCertificate', request: { certificateArn: certificateArn.replace(account, '222222222222') } }, []],
  [{ name: 'DeleteCertificate', request: { certificateArn: certificateArn.replace('us-east-1', 'evil.example') } }, []],
  [{ name: 'DeleteCertificate', request: { certificateArn: certificateArn.replace(':acm:', ':iam:') } }, []],
  [{ name: 'DeleteCertificate', request: { certificateArn: 'nonsense' } }, []],
  [{ name: 'RequestCertificate', errorCode: 'LimitExceededException', request: { domainName: 'a.example.com' } }, []],
])('%o', (call, expected) => {
  expect(inShort(touched('acm', call))).toEqual(expected)
})

test.each<[Call, readonly object[]]>([
  [
    { name: 'RequestCertificate', request: { tags }, response: { certificateArn } },
    [{ kind: 'present' }, { kind: 'is', path: ['Tags', 'team'], value: 'shop' }],
  ],
  // That it is there says nothing when it was there before.
  [{ name: 'ImportCertificate', request: { certificateArn }, response: { certificateArn } }, [{ kind: 'change' }]],
  [{ name: 'AddTagsToCertificate', request: { certificateArn, tags } }, [{ kind: 'is', path: ['Tags', 'team'], value: 'shop' }]],
  [{ name: 'RemoveTagsFromCertificate', request: { certificateArn, tags } }, [{ kind: 'is', path: ['Tags', 'team'], value: null }]],
  [
    {
      name: 'UpdateCertificateOptions',
      request: { certificateArn, options: { certificateTransparencyLoggingPreference: 'DISABLED' } },
    },
    [{ kind: 'is', path: ['Options', 'CertificateTransparencyLoggingPreference'], value: 'DISABLED' }],
  ],
  [{ name: 'RevokeCertificate', request: { certificateArn } }, [{ kind: 'is', path: ['Status'], value: 'REVOKED' }]],
  [{ name: 'DeleteCertificate', request: { certificateArn } }, [{ kind: 'gone' }]],
])('%o shows', (call, expected) => {
  expect(touched('acm', call).map(({ witnesses }) => witnesses)).toEqual([expected])
})
