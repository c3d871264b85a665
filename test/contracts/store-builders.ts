import type { Resource, ResourceRef } from '#model'
import type { Judged, Look } from '#store'

export const aBucket: ResourceRef = {
  accountId: '111122223333',
  region: 'eu-west-1',
  type: 'AWS.S3.Bucket',
  id: 'arn:aws:s3:::ledger',
}

export function aState(number: number, given: Partial<Resource> = {}): Resource {
  const fetchedAt = new Date('2026-11-21T10:00:00Z')
  return { ...aBucket, number, shape: 1, attributes: { Name: 'ledger' }, fetchedAt, ...given }
}

export function aJudgement(number: number, given: Partial<Judged> = {}): Judged {
  const verdict = { number, outcomes: [{ detectionId: 'P', outcome: 'pass' as const, validUntil: null, lookedUp: [] }] }
  return { verdict, lookedUp: [], evaluatedWith: 'now', evaluateAt: new Date(Date.now() + 86_400_000), ...given }
}

export function aLook(given: Partial<Look> = {}): Look {
  return { confirmed: true, bornAt: null, eventId: aBucket.id, changed: true, ...given }
}
