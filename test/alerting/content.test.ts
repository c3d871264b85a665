import { expect, it } from 'vitest'
import { endedAlert, findingAlert, repeatedAlert } from '#alerting'
import { aCause, aDetection, aFinding, aFindingAlert, aPlace } from '../support/alerts.ts'

it('an alert tells the event that happened last, whatever came in last', () => {
  const causes = [
    aCause({ eventId: 'late', time: '2026-11-21T14:05:00Z' }),
    aCause({ eventId: 'early', time: '2026-11-21T14:01:00Z' }),
  ]
  const alert = findingAlert({ finding: aFinding({ causes }), detection: aDetection(), place: aPlace(), confirmed: true })
  expect(alert.cause?.eventId).toBe('late')
})

it('a finding that no change caused has no cause', () => {
  const finding = aFinding({ causes: [], origin: 'baseline' })
  expect(findingAlert({ finding, detection: aDetection(), place: aPlace(), confirmed: true }).cause).toBeNull()
})

it('a detection without a display name goes by its id', () => {
  const alert = findingAlert({ finding: aFinding(), detection: aDetection({ displayName: '' }), place: aPlace(), confirmed: true })
  expect(alert.detection.displayName).toBe('AWS.S3.BucketPublicRead')
})

it('of the values that a rule sums up the five most frequent are told, and how often others came', () => {
  const values = [7, 6, 5, 4, 3, 2, 1].map((count) => ({ value: `v${count}`, count }))
  const finding = aFinding({ summary: [{ path: 'userIdentity.arn', values, others: 10 }] })
  const alert = findingAlert({ finding, detection: aDetection(), place: aPlace(), confirmed: true })
  expect(alert.summary).toEqual([{ path: 'userIdentity.arn', values: values.slice(0, 5), others: 13 }])
  const summary = [{ path: 'userIdentity.arn', values: [{ value: 'v1', count: 40 }], others: 0 }]
  expect(repeatedAlert(alert, { count: 41, summary })).toEqual({ ...alert, count: 41, summary })
})

it('ending and repeating change only their own words', () => {
  const alert = aFindingAlert()
  const ended = endedAlert(alert, { how: 'fixed', at: '2026-11-21T15:00:00.000Z', cause: null })
  expect(ended).toEqual({ ...alert, ended: { how: 'fixed', at: '2026-11-21T15:00:00.000Z', cause: null } })
  expect(repeatedAlert(alert, { count: 5, summary: [] })).toEqual({ ...alert, count: 5 })
})
