import type { Cause, FindingAlert, Json, JsonObject, Severity } from '#model'
import type { Outgoing } from './destination.ts'
import { fitting } from './document.ts'

/** The version of the Open Cybersecurity Schema Framework whose fields these are. */
const schemaVersion = '1.5.0'
const classUid = 2_004

const severityIds: Readonly<Record<Severity, number>> = { INFO: 1, LOW: 2, MEDIUM: 3, HIGH: 4, CRITICAL: 5 }
const severityNames: Readonly<Record<Severity, string>> = {
  INFO: 'Informational',
  LOW: 'Low',
  MEDIUM: 'Medium',
  HIGH: 'High',
  CRITICAL: 'Critical',
}
const activities = ['Unknown', 'Create', 'Update', 'Close'] as const

/** A finding as an OCSF Detection Finding with the cloud profile. Texts are as they came from outside. */
export function ocsfFinding(alert: Outgoing & { readonly content: FindingAlert }, mostBytes: number): string {
  const { content, revision, alertId, findingId, to, uncertain } = alert
  const { detection, severity, place, openedAt, ended, cause } = content
  const activity = ended !== null ? 3 : revision > 1 ? 2 : 1
  const opened = Date.parse(openedAt)
  return fitting(mostBytes, (cutDown) => ({
    activity_id: activity,
    activity_name: activities[activity] ?? 'Unknown',
    category_uid: 2,
    category_name: 'Findings',
    class_uid: classUid,
    class_name: 'Detection Finding',
    type_uid: classUid * 100 + activity,
    type_name: `Detection Finding: ${activities[activity]}`,
    severity_id: severityIds[severity],
    severity: severityNames[severity],
    status_id: ended === null ? 1 : ended.how === 'retired' ? 5 : 4,
    status: ended === null ? 'New' : ended.how === 'retired' ? 'Archived' : 'Resolved',
    time: opened,
    start_time: cause === null ? opened : Date.parse(cause.time),
    ...(ended === null ? {} : { end_time: Date.parse(ended.at) }),
    count: content.count,
    message: cutDown(content.title),
    metadata: {
      version: schemaVersion,
      profiles: ['cloud'],
      product: { name: 'Tripline', vendor_name: 'Tripline' },
      uid: `${alertId}-${revision}`,
      correlation_uid: alertId,
      sequence: revision,
    },
    finding_info: {
      uid: findingId ?? alertId,
      title: cutDown(content.title),
      desc: cutDown(content.why),
      created_time: opened,
      types: [detection.kind === 'policy' ? 'Policy violation' : 'Suspicious event'],
      analytic: { uid: detection.id, name: cutDown(detection.displayName), type: 'Rule', type_id: 1 },
    },
    cloud: {
      provider: 'AWS',
      account: { uid: place.accountId, name: cutDown(place.accountName), type: 'AWS Account', type_id: 10 },
      region: cutDown(place.region),
    },
    ...(place.resourceId === null ? {} : { resources: [resourceOf(content, cutDown)] }),
    ...(cause === null ? {} : { evidences: [evidenceOf(cause, cutDown)] }),
    ...remediationOf(content, cutDown),
    unmapped: {
      tripline: {
        team: to.team,
        because: cutDown(to.because),
        unconfirmed: content.unconfirmed,
        possible_repeat: uncertain,
        ended: cutDown(ended as unknown as Json),
        differences: cutDown(content.differences as unknown as Json),
        context: cutDown(content.context),
        ...(content.summary === undefined ? {} : { summary: cutDown(content.summary as unknown as Json) }),
      },
    },
  }))
}

type CutDown = (value: Json) => Json

function resourceOf({ place }: FindingAlert, cutDown: CutDown): JsonObject {
  return {
    uid: cutDown(place.resourceId),
    ...(place.resourceName === null ? {} : { name: cutDown(place.resourceName) }),
    ...(place.resourceType === null ? {} : { type: place.resourceType }),
    region: cutDown(place.region),
    cloud_partition: /^arn:(?<partition>aws[\w-]*):/u.exec(place.resourceId ?? '')?.groups?.['partition'] ?? 'aws',
  }
}

/** Who did it with which call. */
function evidenceOf({ actor, source, name, eventId, time }: Cause, cutDown: CutDown): JsonObject {
  return {
    actor: {
      user: {
        name: cutDown(actor.name),
        type: cutDown(actor.kind),
        type_id: 99,
        ...(actor.arn === null ? {} : { uid: cutDown(actor.arn) }),
        ...(actor.accountId === null ? {} : { account: { uid: cutDown(actor.accountId), type_id: 10 } }),
      },
    },
    api: { operation: cutDown(name), service: { name: cutDown(source) } },
    ...(isAddress(actor.sourceAddress) ? { src_endpoint: { ip: actor.sourceAddress } } : {}),
    data: { event_id: cutDown(eventId), time, user_agent: cutDown(actor.userAgent) },
  }
}

function isAddress(text: string | null): text is string {
  return text !== null && /^[\d.]{7,15}$|^[\da-fA-F:.]{2,45}$/u.test(text)
}

function remediationOf({ runbook, reference }: FindingAlert, cutDown: CutDown): JsonObject {
  if (runbook === null) return {}
  return { remediation: { desc: cutDown(runbook), ...(reference === null ? {} : { references: [cutDown(reference)] }) } }
}
