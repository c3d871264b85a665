import { definePolicy, type AttributesOf } from 'tripline'

const dayMs = 86_400_000
const warnDays = 30

export default definePolicy({
  id: 'AWS.ACM.Certificate.Expiry',
  displayName: `Certificate in use ends within ${warnDays} days`,
  severity: 'HIGH',
  description:
    'When the certificate has ended, clients refuse what uses it. AWS renews its own 60 days ahead; one that is this near its end was imported, or its renewal fails.',
  runbook:
    'For an imported certificate import its successor (`aws acm import-certificate`). For one of AWS see what its renewal waits for (`aws acm describe-certificate`, RenewalSummary): mostly a DNS record that is gone.',
  reference: 'https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html',
  tags: ['AWS', 'ACM', 'Availability'],
  resourceTypes: ['AWS.ACM.Certificate'],
  evaluate: (certificate) => {
    const end = endOf(certificate)
    if (end === null) return true
    const warnAt = end - warnDays * dayMs
    if (warnAt <= Date.now()) return false
    return { result: true, validUntil: new Date(warnAt).toISOString() }
  },
  title: (one) =>
    `Certificate ${one.Name ?? one.ResourceId} is in use and ends on ${new Date(endOf(one) ?? 0).toISOString().slice(0, 10)}`,
  dedup: ({ ResourceId }) => ResourceId,
  tests: [
    { name: 'an end in 29 days fails', expected: false, resource: certificate(29) },
    { name: 'an end that has been fails', expected: false, resource: { ...certificate(-1), Status: 'EXPIRED' } },
    { name: 'an end in 31 days passes', expected: true, resource: certificate(31) },
    { name: 'one that nothing uses passes', expected: true, resource: { ...certificate(1), InUseBy: null } },
    { name: 'an empty list of users is none', expected: true, resource: { ...certificate(1), InUseBy: [] } },
    {
      name: 'one that was never issued passes',
      expected: true,
      resource: { ...certificate(1), NotAfter: null, Status: 'PENDING_VALIDATION' },
    },
  ],
})

/** When a certificate that is in use ends. */
function endOf({ NotAfter, InUseBy }: AttributesOf<'AWS.ACM.Certificate'>): number | null {
  if (typeof NotAfter !== 'string' || !Array.isArray(InUseBy) || InUseBy.length === 0) return null
  return Date.parse(NotAfter)
}

function certificate(endsInDays: number): Readonly<Record<string, unknown>> {
  return {
    Name: 'shop.example.com',
    Status: 'ISSUED',
    NotAfter: new Date(Date.now() + endsInDays * dayMs).toISOString(),
    InUseBy: ['arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/shop/50dc6c495c0c9188'],
  }
}
