import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, idPages, must, together } from '../reading.ts'
import { acmCertificateShape } from '../shapes/acm-certificate.ts'

const type = 'AWS.ACM.Certificate'

/** `arn:aws:acm:{region}:{accountId}:certificate/{uuid}`, read in one round of calls. */
export const acmCertificate: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  volatile: ['RenewalSummary.UpdatedAt'],
  async *list(session, token) {
    const { KeyAlgorithm, paginateListCertificates } = await import('@aws-sdk/client-acm')
    const paging = { client: await session.client('acm'), pageSize: 1_000, ...after(token) }
    yield* idPages(
      // Unasked, AWS leaves out all keys but the smaller RSA ones.
      paginateListCertificates(paging, { Includes: { keyTypes: Object.values(KeyAlgorithm) } }),
      ({ CertificateSummaryList }) => CertificateSummaryList?.map(({ CertificateArn }) => must(CertificateArn, 'CertificateArn')),
      ({ NextToken }) => NextToken,
    )
  },
  async fetch(session, ref) {
    const { DescribeCertificateCommand, ListTagsForCertificateCommand } = await import('@aws-sdk/client-acm')
    const acm = await session.client('acm')
    const of = { CertificateArn: ref.id }
    const found = await together(
      unless(acm.send(new DescribeCertificateCommand(of)), 'ResourceNotFound'),
      acm.send(new ListTagsForCertificateCommand(of)),
    )
    if (found === null) return { status: 'gone' }
    const [{ Certificate }, { Tags }] = found
    const certificate = must(Certificate, 'Certificate')
    const attributes = acmCertificateShape.parse({
      ...certificate,
      AccountId: session.accountId,
      Region: session.region,
      ResourceId: certificate.CertificateArn,
      ResourceType: type,
      Tags,
      TimeCreated: certificate.CreatedAt ?? certificate.ImportedAt,
      Arn: certificate.CertificateArn,
      Name: certificate.DomainName,
    })
    return { status: 'present', attributes }
  },
}
