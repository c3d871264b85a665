import { describe, expect, test } from 'vitest'
import type { Witness } from '#model'
import { inShort, touched, type Call } from '../support/touched.ts'

const account = '111111111111'
const id = `${account}:eu-west-1:AWS.Config.Recorder`
const is = (path: string, value: boolean | string | null): Witness => ({ kind: 'is', path: path.split('.'), value })
const [change, nothing] = [{ kind: 'change' }, { kind: 'nothing' }] as const
const region = 'eu-west-1'
const arn = (name: string): string => `arn:aws:config:eu-west-1:${account}:configuration-recorder/${name}/x1`
const tags = [{ key: 'team', value: 'a' }]

describe('a recorder is found by its region, and all recorders with it', () => {
  test.each<[Call, string, readonly Witness[], readonly Witness[]]>([
    [
      {
        name: 'PutConfigurationRecorder',
        region,
        request: {
          configurationRecorder: {
            name: 'default',
            roleARN: `arn:aws:iam::${account}:role/config`,
            recordingGroup: { allSupported: true, includeGlobalResourceTypes: false, resourceTypes: [] },
          },
        },
      },
      'update',
      [
        is('Name', 'default'),
        is('RoleARN', `arn:aws:iam::${account}:role/config`),
        is('RecordingGroup.AllSupported', true),
        is('RecordingGroup.IncludeGlobalResourceTypes', false),
      ],
      [change],
    ],
    [
      { name: 'StartConfigurationRecorder', region, request: { configurationRecorderName: 'default' } },
      'update',
      [is('Status.Recording', true)],
      [nothing],
    ],
    [
      { name: 'StopConfigurationRecorder', region, request: { configurationRecorderName: 'default' } },
      'update',
      [is('Status.Recording', false)],
      [nothing],
    ],
    [
      { name: 'AssociateResourceTypes', region, request: { configurationRecorderArn: arn('default') } },
      'update',
      [change],
      [change],
    ],
    [{ name: 'StartConfigRulesEvaluation', region, request: { configRuleNames: ['x'] } }, 'update', [nothing], [nothing]],
    [{ name: 'TagResource', region, request: { resourceArn: arn('default'), tags } }, 'update', [is('Tags.team', 'a')], [nothing]],
    [
      { name: 'UntagResource', region, request: { resourceArn: arn('default'), tagKeys: ['team'] } },
      'update',
      [is('Tags.team', null)],
      [nothing],
    ],
    [
      { name: 'DeleteConfigurationRecorder', region, request: { configurationRecorderName: 'default' } },
      'delete',
      [{ kind: 'gone' }],
      [{ kind: 'lacks', path: ['Recorders'], value: id }],
    ],
  ])('%o', (call, kind, ofRecorder, ofAll) => {
    const found = touched('config', call)
    expect(inShort(found)).toEqual([`${kind} eu-west-1 ${id}`, `update global ${account}::AWS.Config.Recorder.Meta`])
    expect(found.map(({ witnesses }) => witnesses)).toEqual([ofRecorder, ofAll])
  })
})

test.each([
  ['a rule', `arn:aws:config:eu-west-1:${account}:config-rule/config-rule-x1`],
  ["a recorder of one of AWS's services", arn('AWSConfigurationRecorderForX')],
  ['another account', arn('default').replace(account, '222222222222')],
])('tags of %s touch nothing', (_, resourceArn) => {
  expect(touched('config', { name: 'TagResource', region, request: { resourceArn, tags } })).toEqual([])
})
