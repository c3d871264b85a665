import type { Outgoing } from '#alerting'
import { wholeActor, type Cause, type Detection, type Finding, type FindingAlert, type Place } from '#model'

export function aPlace(given: Partial<Place> = {}): Place {
  return {
    accountId: '111122223333',
    accountName: 'payments-prod',
    accountLabel: 'prod',
    region: 'eu-west-1',
    resourceType: 'AWS.S3.Bucket',
    resourceId: 'arn:aws:s3:::ledger',
    resourceName: 'ledger',
    ...given,
  }
}

export function aCause(given: Partial<Omit<Cause, 'actor'>> & { readonly actor?: Partial<Cause['actor']> } = {}): Cause {
  return {
    eventId: 'e-1',
    source: 's3.amazonaws.com',
    name: 'PutBucketAcl',
    time: '2026-11-21T14:02:03Z',
    receivedAt: '2026-11-21T14:02:04Z',
    ...given,
    actor: wholeActor({
      kind: 'IAMUser',
      name: 'alice',
      arn: 'arn:aws:iam::111122223333:user/alice',
      accountId: '111122223333',
      sourceAddress: '203.0.113.7',
      userAgent: 'aws-cli/2.15.30 Python/3.11 Linux/6.1 botocore/2.4.5',
      tool: { kind: 'cli', name: 'aws-cli', version: '2.15.30', providerVersion: null, byHand: true },
      ...given.actor,
    }),
  }
}

export function aDetection(given: Partial<Detection> = {}): Detection {
  return {
    id: 'AWS.S3.BucketPublicRead',
    kind: 'policy',
    displayName: 'S3 bucket is publicly readable',
    severity: 'CRITICAL',
    description: 'Anybody on the internet can read what is in it.',
    runbook: 'https://runbooks.example.com/s3-public',
    reference: null,
    tags: [],
    reports: {},
    resourceTypes: ['AWS.S3.Bucket'],
    logTypes: [],
    dedupPeriodMinutes: 60,
    threshold: 1,
    createAlert: true,
    staged: false,
    match: null,
    graceSeconds: 20,
    destinations: [],
    suppressions: [],
    fingerprint: 'f',
    file: 'policies/aws/s3/bucket-public-read.ts',
    ...given,
  }
}

export function aFinding(given: Partial<Finding> = {}): Finding {
  return {
    id: 'f-1',
    detectionId: 'AWS.S3.BucketPublicRead',
    kind: 'policy',
    accountId: '111122223333',
    region: 'eu-west-1',
    resource: { accountId: '111122223333', region: 'eu-west-1', type: 'AWS.S3.Bucket', id: 'arn:aws:s3:::ledger' },
    key: '',
    epoch: 1,
    origin: 'change',
    status: 'open',
    severity: 'CRITICAL',
    title: 'Bucket ledger is publicly readable',
    context: {},
    causes: [aCause()],
    differences: [],
    count: 1,
    summary: [],
    staged: false,
    openedAt: new Date('2026-11-21T14:02:05Z'),
    endedAt: null,
    ...given,
  }
}

export function aFindingAlert(given: Partial<FindingAlert> = {}): FindingAlert {
  const { id, kind, displayName, description, runbook, reference } = aDetection()
  const finding = aFinding()
  return {
    kind: 'finding',
    detection: { id, kind, displayName },
    severity: finding.severity,
    title: finding.title,
    why: description,
    runbook,
    reference,
    place: aPlace(),
    origin: 'change',
    cause: aCause(),
    differences: [],
    otherDifferences: 0,
    essential: false,
    context: {},
    count: 1,
    openedAt: '2026-11-21T14:02:05Z',
    unconfirmed: false,
    ended: null,
    ...given,
  }
}

export function anOutgoing(given: Partial<Outgoing> = {}): Outgoing {
  return {
    deliveryId: 'd-1',
    alertId: 'a-1',
    findingId: 'f-1',
    revision: 1,
    to: { destination: 'slack', channel: 'payments', team: 'payments', because: 'team payments owns account payments-prod' },
    content: aFindingAlert(),
    uncertain: false,
    createdAt: new Date(0),
    sentAt: null,
    together: null,
    flapping: null,
    in: null,
    ...given,
  }
}
