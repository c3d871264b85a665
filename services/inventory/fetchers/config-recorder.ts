import type { Session } from '#aws'
import type { Fetcher } from '../fetcher.ts'
import { gather, pascal } from '../reading.ts'
import { configRecorderShape } from '../shapes/config-recorder.ts'
import { regionalId } from './regions.ts'

const type = 'AWS.Config.Recorder'

/**
 * `{accountId}:{region}:AWS.Config.Recorder`, read in one round of calls and a second for tags. A region has one at most of its
 * owner's; those that AWS's services have beside it are theirs.
 */
export const configRecorder: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  volatile: ['LastErrorCode', 'LastErrorMessage', 'LastStatus', 'LastStatusChangeTime'].map((key) => `Status.${key}`),
  async *list(session) {
    const recorder = await recorderIn(session, session.region)
    yield { ids: recorder === null ? [] : [regionalId(session, type)], next: null }
  },
  async fetch(session, ref) {
    const id = regionalId(session, type)
    if (ref.id !== id) return { status: 'gone' }
    const [recorder, status] = await Promise.all([recorderIn(session, session.region), statusOf(session)])
    if (recorder === null) return { status: 'gone' }
    const attributes = configRecorderShape.parse({
      AccountId: session.accountId,
      Region: session.region,
      ResourceId: id,
      ResourceType: type,
      Tags: recorder.arn === undefined ? null : await tagsOf(session, recorder.arn),
      Name: recorder.name,
      RecordingGroup: pascal(recorder.recordingGroup),
      RoleARN: recorder.roleARN,
      Status: pascal(status),
    })
    return { status: 'present', attributes }
  },
}

/** A region's recorder; null when it has none. */
export async function recorderIn(session: Session, region: string) {
  const { DescribeConfigurationRecordersCommand } = await import('@aws-sdk/client-config-service')
  const config = await session.client('config', region)
  return (await config.send(new DescribeConfigurationRecordersCommand({}))).ConfigurationRecorders?.[0] ?? null
}

async function statusOf(session: Session) {
  const { DescribeConfigurationRecorderStatusCommand } = await import('@aws-sdk/client-config-service')
  const config = await session.client('config')
  return (await config.send(new DescribeConfigurationRecorderStatusCommand({}))).ConfigurationRecordersStatus?.[0]
}

async function tagsOf(session: Session, ResourceArn: string) {
  const { paginateListTagsForResource } = await import('@aws-sdk/client-config-service')
  const paging = { client: await session.client('config') }
  return gather(paginateListTagsForResource(paging, { ResourceArn }), (page) => page.Tags)
}
