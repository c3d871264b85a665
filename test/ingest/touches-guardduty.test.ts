import { describe, expect, test } from 'vitest'
import type { Witness } from '#model'
import { inShort, touched, type Call } from '../support/touched.ts'

const account = '111111111111'
const id = `${account}:eu-west-1:AWS.GuardDuty.Detector`
const detectorId = '12abc34d567e8fa901bc2d34e56789f0'
const arn = `arn:aws:guardduty:eu-west-1:${account}:detector/${detectorId}`
const region = 'eu-west-1'
const is = (path: string, value: string | null): Witness => ({ kind: 'is', path: path.split('.'), value })
const [change, nothing] = [{ kind: 'change' }, { kind: 'nothing' }] as const
const features = [{ name: 'S3_DATA_EVENTS', status: 'DISABLED' }]

describe('a detector is found by its region, and all detectors with it', () => {
  test.each<[Call, string, readonly Witness[], readonly Witness[]]>([
    [
      { name: 'CreateDetector', region, request: { enable: true, tags: { team: 'a' } }, response: { detectorId } },
      'create',
      [{ kind: 'present' }, is('Status', 'ENABLED'), is('Tags.team', 'a')],
      [{ kind: 'has', path: ['Detectors'], value: id }],
    ],
    [
      { name: 'UpdateDetector', region, request: { detectorId, enable: false, findingPublishingFrequency: 'ONE_HOUR', features } },
      'update',
      [
        is('Status', 'DISABLED'),
        is('FindingPublishingFrequency', 'ONE_HOUR'),
        { kind: 'has', path: ['Features'], value: { Name: 'S3_DATA_EVENTS', Status: 'DISABLED' } },
      ],
      [nothing],
    ],
    [{ name: 'AcceptAdministratorInvitation', region, request: { detectorId } }, 'update', [change], [nothing]],
    [{ name: 'DisassociateFromMasterAccount', region, request: { detectorId } }, 'update', [change], [nothing]],
    [{ name: 'StopMonitoringMembers', region, request: { detectorId } }, 'update', [nothing], [nothing]],
    [
      { name: 'TagResource', region, request: { resourceArn: arn, tags: { team: 'a' } } },
      'update',
      [is('Tags.team', 'a')],
      [nothing],
    ],
    [
      { name: 'UntagResource', region, request: { resourceArn: arn, tagKeys: ['team'] } },
      'update',
      [is('Tags.team', null)],
      [nothing],
    ],
    [
      { name: 'DeleteDetector', region, request: { detectorId } },
      'delete',
      [{ kind: 'gone' }],
      [{ kind: 'lacks', path: ['Detectors'], value: id }],
    ],
  ])('%o', (call, kind, ofDetector, ofAll) => {
    const found = touched('guardduty', call)
    expect(inShort(found)).toEqual([`${kind} eu-west-1 ${id}`, `update global ${account}::AWS.GuardDuty.Detector.Meta`])
    expect(found.map(({ witnesses }) => witnesses)).toEqual([ofDetector, ofAll])
  })
})

test.each([`${arn}/filter/quiet`, arn.replace(account, '222222222222')])('tags of %s touch nothing', (resourceArn) => {
  expect(touched('guardduty', { name: 'TagResource', region, request: { resourceArn, tags: { team: 'a' } } })).toEqual([])
})
