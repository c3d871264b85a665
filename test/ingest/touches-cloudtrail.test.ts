import { describe, expect, test } from 'vitest'
import type { Witness } from '#model'
import { inShort, touched, type Call } from '../support/touched.ts'

const account = '111111111111'
const arn = (name: string, region = 'us-east-1'): string => `arn:aws:cloudtrail:${region}:${account}:trail/${name}`
const trail = `us-east-1 ${arn('main')}`
const meta = `global ${account}::AWS.CloudTrail.Meta`
const is = (path: string, value: boolean | string | null): Witness => ({ kind: 'is', path: path.split('.'), value })
const [change, nothing] = [{ kind: 'change' }, { kind: 'nothing' }] as const

const response = {
  name: 'main',
  trailARN: arn('main'),
  s3BucketName: 'logs',
  isMultiRegionTrail: true,
  includeGlobalServiceEvents: true,
  logFileValidationEnabled: false,
}
const settings = [
  is('IsMultiRegionTrail', true),
  is('IncludeGlobalServiceEvents', true),
  is('LogFileValidationEnabled', false),
  is('S3BucketName', 'logs'),
]
const tagsList = [{ key: 'team', value: 'a' }]

describe('a trail is found, and all trails with it, from any region', () => {
  test.each<[Call, string, readonly Witness[], readonly Witness[]]>([
    [
      { name: 'CreateTrail', request: { name: 'main', s3BucketName: 'logs', tagsList }, response },
      'create',
      [{ kind: 'present' }, ...settings, is('Tags.team', 'a')],
      [{ kind: 'has', path: ['Trails'], value: arn('main') }],
    ],
    [{ name: 'UpdateTrail', request: { name: 'main', isMultiRegionTrail: true }, response }, 'update', settings, [change]],
    [
      { name: 'UpdateTrail', request: { name: arn('main'), kmsKeyId: 'alias/x' }, response, region: 'eu-west-1' },
      'update',
      [...settings, change],
      [change],
    ],
    [{ name: 'StartLogging', request: { name: 'main' } }, 'update', [is('Status.IsLogging', true)], [change]],
    [
      { name: 'StopLogging', region: 'us-west-2', request: { name: arn('main') } },
      'update',
      [is('Status.IsLogging', false)],
      [change],
    ],
    [
      { name: 'PutEventSelectors', region: 'us-west-2', request: { trailName: 'main' }, response: { trailARN: arn('main') } },
      'update',
      [change],
      [change],
    ],
    [{ name: 'PutInsightSelectors', request: { trailName: 'main' } }, 'update', [nothing], [nothing]],
    [{ name: 'AddTags', request: { resourceId: arn('main'), tagsList } }, 'update', [is('Tags.team', 'a')], [nothing]],
    [{ name: 'RemoveTags', request: { resourceId: arn('main'), tagsList } }, 'update', [is('Tags.team', null)], [nothing]],
    [
      { name: 'DeleteTrail', request: { name: 'main' } },
      'delete',
      [{ kind: 'gone' }],
      [{ kind: 'lacks', path: ['Trails'], value: arn('main') }],
    ],
  ])('%o', (call, kind, ofTrail, ofAll) => {
    const found = touched('cloudtrail', call)
    expect(inShort(found)).toEqual([`${kind} ${trail}`, `update ${meta}`])
    expect(found.map(({ witnesses }) => witnesses)).toEqual([ofTrail, ofAll])
  })
})

test.each<[string, Call]>([
  ["the organisation's trail", { name: 'StopLogging', request: { name: arn('org').replace(account, '222222222222') } }],
  [
    'an event data store',
    { name: 'AddTags', request: { resourceId: `arn:aws:cloudtrail:us-east-1:${account}:eventdatastore/1`, tagsList } },
  ],
])('%s touches nothing', (_, call) => {
  expect(touched('cloudtrail', call)).toEqual([])
})
