import * as guardduty from '@aws-sdk/client-guardduty'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { diff, type JsonObject } from '#model'
import { needMoto } from '../support/moto.ts'
import { playRecordings } from '../support/recordings.ts'
import { deviations, gaps, shapes } from './conforms.ts'
import { readExample } from './examples.ts'
import { onlyRegions } from './few-regions.ts'
import { one, openStand, two, type Stand } from './stand.ts'

const type = 'AWS.GuardDuty.Detector'
const meta = 'AWS.GuardDuty.Detector.Meta'
const id = `${one}:eu-west-1:${type}`
const metaId = `${one}::${meta}`
const denied = { kind: 'error', code: 'AccessDeniedException', status: 403 } as const

test.each([type, meta])('the example of %s has every field', (each) => {
  const example = readExample(each)
  expect(deviations(shapes[each], example)).toEqual([])
  expect(gaps(example)).toEqual(each === type ? [] : ['Tags', 'TimeCreated'])
})

describe.runIf(needMoto('GuardDuty against moto'))('GuardDuty against moto', { timeout: 60_000 }, () => {
  let stand: Stand
  let client: guardduty.GuardDutyClient
  let DetectorId: string | undefined
  beforeAll(async () => {
    stand = await openStand()
    // Moto's first answer in an account takes long.
    await stand.options(two)
    client = new guardduty.GuardDutyClient(await stand.options(one))
    await client.send(new guardduty.ListDetectorsCommand({}))
  }, 120_000)
  beforeEach(() => {
    stand.proxy.clear()
    onlyRegions(stand.proxy, 'eu-west-1', 'us-east-1', 'eu-north-1')
  })
  afterAll(() => stand[Symbol.asyncDispose]())

  async function attributes(each: string, where: string): Promise<JsonObject> {
    const fetched = await stand.fetch(each, where)
    if (fetched.status === 'gone') throw new Error(`${where} is gone`)
    expect(deviations(shapes[each], fetched.attributes)).toEqual([])
    expect(fetched.attributes).toMatchObject({ AccountId: one, ResourceId: where, ResourceType: each })
    return fetched.attributes
  }

  test('an account without GuardDuty says so', async () => {
    expect(await stand.list(type)).toEqual([])
    expect(await stand.fetch(type, id)).toEqual({ status: 'gone' })
    expect(await stand.list(meta)).toEqual([metaId])
    expect(await attributes(meta, metaId)).toMatchObject({ Region: 'global', Detectors: [] })
  })

  test('a detector shows its settings, and changes of them', async () => {
    const Features = [{ Name: 'S3_DATA_EVENTS', Status: 'ENABLED' }] as const
    const command = new guardduty.CreateDetectorCommand({ Enable: true, Tags: { team: 'security' }, Features: [...Features] })
    DetectorId = (await client.send(command)).DetectorId
    const before = await attributes(type, id)
    expect(await stand.list(type)).toEqual([id])
    expect(before).toMatchObject({
      Id: DetectorId,
      Region: 'eu-west-1',
      Status: 'ENABLED',
      Features,
      Master: null,
      Tags: { team: 'security' },
      TimeCreated: expect.any(String),
    })
    await client.send(new guardduty.UpdateDetectorCommand({ DetectorId, Enable: false, FindingPublishingFrequency: 'ONE_HOUR' }))
    const after = await attributes(type, id)
    expect(after).toMatchObject({ Status: 'DISABLED', FindingPublishingFrequency: 'ONE_HOUR' })
    expect(diff(before, after).map(({ path }) => path)).toContain('Status')
  })

  // Moto has no invitations between accounts.
  test('a member shows its administrator, whom Panther calls master', async () => {
    playRecordings(stand.proxy, 'guardduty.')
    expect(await attributes(type, id)).toMatchObject({ Master: { AccountId: two, RelationshipStatus: 'Enabled' } })
  })

  test('the detectors of all regions are named, and one region that may not be read makes them unknown', async () => {
    const american = new guardduty.GuardDutyClient(await stand.options(one, 'us-east-1'))
    await american.send(new guardduty.CreateDetectorCommand({ Enable: true }))
    expect(await attributes(meta, metaId)).toMatchObject({ Detectors: [id, `${one}:us-east-1:${type}`] })
    expect(await stand.fetch(meta, `${two}::${meta}`, two)).toMatchObject({ attributes: { Detectors: [] } })
    stand.proxy.inject({ service: 'guardduty', region: 'eu-north-1' }, denied)
    await expect(stand.fetch(meta, metaId)).rejects.toMatchObject({ code: 'access-denied' })
  })

  test.each(['ListDetectors', 'GetDetector', 'GetAdministratorAccount'])(
    'a detector whose %s is refused is unknown',
    async (operation) => {
      stand.proxy.inject({ operation }, denied)
      await expect(stand.fetch(type, id)).rejects.toMatchObject({ code: 'access-denied' })
    },
  )

  test('a deleted detector, one of another account, and what is none, is gone', async () => {
    await client.send(new guardduty.DeleteDetectorCommand({ DetectorId }))
    for (const each of [id, `${two}:eu-west-1:${type}`, 'nonsense']) {
      expect(await stand.fetch(type, each)).toEqual({ status: 'gone' })
    }
    expect(await attributes(meta, metaId)).toMatchObject({ Detectors: [`${one}:us-east-1:${type}`] })
  })
})
