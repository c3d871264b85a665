import { at, textAt, type AuditEvent, type Json } from '#model'
import { isRegion, partitionOf } from '../region.ts'
import { all, has, is, lacks, tagged, untagged } from './shows.ts'
import { readArn, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'

const type = 'AWS.SSM.Document'

/** Documents are named by name; one that is shared by another account by ARN, and is not ours. */
const document: Named = {
  type,
  ref({ accountId, region }, text) {
    const arn = readArn(text)
    if (arn !== null && (arn.accountId !== accountId || !arn.resource.startsWith('document/'))) return null
    const name = arn === null ? text : arn.resource.slice('document/'.length)
    if (!/^[A-Za-z0-9_.-]{3,128}$/.test(name)) return null
    const where = arn?.region ?? region
    if (!isRegion(where)) return null
    return { accountId, region: where, type, id: `arn:${partitionOf(where)}:ssm:${where}:${accountId}:document/${name}` }
  },
}
/** Tags are put on parameters, managed nodes and more in the same words. */
const taggedDocument: Named = {
  type,
  ref: (event, text) => (ofRequest(event, 'resourceType') === 'Document' ? document.ref(event, text) : null),
}
/** All of a document, or one version of it alone. */
const whole: Named = { type, ref: (event, text) => (namesVersion(event) ? null : document.ref(event, text)) }
const version: Named = { type, ref: (event, text) => (namesVersion(event) ? document.ref(event, text) : null) }

function namesVersion(event: AuditEvent): boolean {
  return ofRequest(event, 'documentVersion') !== null || ofRequest(event, 'versionName') !== null
}
function ofRequest(event: AuditEvent, key: string): string | null {
  return textAt(event.record, 'requestParameters', key)
}

/** Account ids of a request's list; AWS lists everybody as `all`, however the caller wrote it. */
const accounts =
  (key: string) =>
  (event: AuditEvent): readonly Json[] => {
    const given = at(event.record, 'requestParameters', key)
    if (!Array.isArray(given)) return []
    return (given as readonly Json[]).map((each) => (typeof each === 'string' ? each.toLowerCase() : each))
  }

const touch = (kind: TouchKind, named = document): Effect => ({ kind, named, from: ['requestParameters.name'] })
const tag: Effect = { kind: 'update', named: taggedDocument, from: ['requestParameters.resourceId'] }

export const ssm: ServiceTable = {
  source: 'ssm.amazonaws.com',
  events: {
    CreateDocument: [{ ...touch('create'), shows: tagged('requestParameters.tags') }],
    UpdateDocument: [{ ...touch('update'), shows: is('LatestVersion', 'responseElements.documentDescription.latestVersion') }],
    UpdateDocumentDefaultVersion: [{ ...touch('update'), shows: is('DefaultVersion', 'requestParameters.documentVersion') }],
    UpdateDocumentMetadata: [touch('update')],
    ModifyDocumentPermission: [
      {
        ...touch('update'),
        shows: all(has('AccountIds', accounts('accountIdsToAdd')), lacks('AccountIds', accounts('accountIdsToRemove'))),
      },
    ],
    DeleteDocument: [touch('delete', whole), touch('update', version)],
    AddTagsToResource: [{ ...tag, shows: tagged('requestParameters.tags') }],
    RemoveTagsFromResource: [{ ...tag, shows: untagged('requestParameters.tagKeys') }],
  },
}
