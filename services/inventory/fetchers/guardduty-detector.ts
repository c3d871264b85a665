import type { Session } from '#aws'
import type { Fetcher } from '../fetcher.ts'
import { guarddutyDetectorShape } from '../shapes/guardduty-detector.ts'
import { regionalId } from './regions.ts'

const type = 'AWS.GuardDuty.Detector'

/** `{accountId}:{region}:AWS.GuardDuty.Detector`: a region has one at most. Its id is asked for, then all else in one round of calls. */
export const guarddutyDetector: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  async *list(session) {
    const detector = await detectorIn(session, session.region)
    yield { ids: detector === null ? [] : [regionalId(session, type)], next: null }
  },
  async fetch(session, ref) {
    const id = regionalId(session, type)
    const DetectorId = ref.id === id ? await detectorIn(session, session.region) : null
    if (DetectorId === null) return { status: 'gone' }
    const { GetAdministratorAccountCommand, GetDetectorCommand } = await import('@aws-sdk/client-guardduty')
    const guardduty = await session.client('guardduty')
    const [detector, { Administrator }] = await Promise.all([
      guardduty.send(new GetDetectorCommand({ DetectorId })),
      guardduty.send(new GetAdministratorAccountCommand({ DetectorId })),
    ])
    const attributes = guarddutyDetectorShape.parse({
      ...detector,
      AccountId: session.accountId,
      Region: session.region,
      ResourceId: id,
      ResourceType: type,
      Tags: Object.entries(detector.Tags ?? {}).map(([Key, Value]) => ({ Key, Value })),
      TimeCreated: dateOf(detector.CreatedAt),
      Id: DetectorId,
      // The administrator's account by its former name.
      Master: Administrator,
      UpdatedAt: dateOf(detector.UpdatedAt),
    })
    return { status: 'present', attributes }
  },
}

/** The id of a region's detector; null when it has none. */
export async function detectorIn(session: Session, region: string): Promise<string | null> {
  const { ListDetectorsCommand } = await import('@aws-sdk/client-guardduty')
  const guardduty = await session.client('guardduty', region)
  return (await guardduty.send(new ListDetectorsCommand({}))).DetectorIds?.[0] ?? null
}

function dateOf(time: string | undefined): Date | null {
  return time === undefined ? null : new Date(time)
}
