import { isRegion } from '../region.ts'
import { becomes, is, tagged, untagged } from './shows.ts'
import { readArn, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'

/** Certificates are always named by ARN. */
const certificate: Named = {
  type: 'AWS.ACM.Certificate',
  ref({ accountId }, text) {
    const arn = readArn(text)
    if (arn?.service !== 'acm' || arn.accountId !== accountId || !arn.resource.startsWith('certificate/')) return null
    if (!isRegion(arn.region)) return null
    return { accountId, region: arn.region, type: 'AWS.ACM.Certificate', id: text }
  },
}

const touch = (kind: TouchKind, ...from: readonly string[]): Effect => ({ kind, named: certificate, from })
const update = touch('update', 'requestParameters.certificateArn')
const created = 'responseElements.certificateArn'

/**
 * What uses a certificate changes through calls of other services, and ACM validates and renews by itself: the next scan sees that.
 * `TagResource` is for ACM's other resources.
 */
export const acm: ServiceTable = {
  source: 'acm.amazonaws.com',
  events: {
    RequestCertificate: [{ ...touch('create', created), shows: tagged('requestParameters.tags') }],
    // Into a certificate that is there, when the request names one.
    ImportCertificate: [update, { ...touch('create', created), shows: tagged('requestParameters.tags') }],
    DeleteCertificate: [touch('delete', 'requestParameters.certificateArn')],
    AddTagsToCertificate: [{ ...update, shows: tagged('requestParameters.tags') }],
    RemoveTagsFromCertificate: [{ ...update, shows: untagged('requestParameters.tags') }],
    UpdateCertificateOptions: [
      {
        ...update,
        shows: is(
          'Options.CertificateTransparencyLoggingPreference',
          'requestParameters.options.certificateTransparencyLoggingPreference',
        ),
      },
    ],
    RevokeCertificate: [{ ...update, shows: becomes('Status', 'REVOKED') }],
    RenewCertificate: [update],
  },
}
