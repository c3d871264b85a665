import { readFileSync } from 'node:fs'
import { afterAll, expect, it } from 'vitest'
import { createSessions } from '#aws'
import { createEventHistory, type EventHistory } from '#enrichment'
import { decode, sessionOf, touches } from '#ingest'
import type { Finding, JsonObject, Origin, ResourceRef, RoutedTo } from '#model'
import { runInvestigations } from '#pipeline'
import { createBell } from '#runtime'
import type { Store } from '#store'
import { questionsOf } from '../../services/pipeline/questions.ts'
import { traceCauses } from '../../services/pipeline/trace.ts'
import { startTinyAws } from '../aws/tiny-aws.ts'
import { account, ofRole } from '../ingest/actors.ts'
import { aCause, aFindingAlert } from '../support/alerts.ts'
import { freshStore } from '../support/database.ts'
import { aRecord } from '../support/records.ts'
import { until } from '../support/until.ts'

const store: Store = await freshStore()
afterAll(async () => {
  await store[Symbol.asyncDispose]()
})

const bucket = { accountId: account, region: 'us-east-1', type: 'AWS.S3.Bucket', id: 'arn:aws:s3:::ledger' }
const channel: RoutedTo = { destination: 'slack', channel: 'c', team: null, because: 'b' }
const ago = (minutes: number): Date => new Date(Date.now() - minutes * 60_000)
let count = 0

async function aFindingOf(
  origin: Origin,
  more: Partial<Pick<Finding, 'causes' | 'severity'>> & { readonly resource?: ResourceRef } = {},
): Promise<Finding> {
  const finding = await store.findings.open({
    detectionId: `P${(count += 1)}`,
    resource: bucket,
    key: '',
    origin,
    severity: 'HIGH',
    title: 't',
    context: {},
    causes: [],
    differences: [],
    ...more,
  })
  if (finding === null) throw new Error('no finding')
  return finding
}
async function causesOf({ id }: Finding): Promise<Finding['causes']> {
  return (await store.findings.of(bucket, 100)).find((each) => each.id === id)?.causes ?? []
}

/** Runs the worker over a history until the check holds. */
async function investigating(history: EventHistory, check: () => Promise<boolean>): Promise<void> {
  const stop = new AbortController()
  const bells = { refresh: createBell(), deliver: createBell(), scan: createBell() }
  const running = runInvestigations({ store, decode, touches, bells, history }, { pollMs: 20 }, stop.signal)
  await until('an answer', check).finally(() => stop.abort())
  await running
}
const historyOf = (ask: EventHistory['of']): EventHistory => ({ of: ask })

const s3 = (name: string, minutes: number, user: string, more: Record<string, unknown> = {}): Record<string, unknown> =>
  aRecord({
    account,
    source: 's3.amazonaws.com',
    name,
    time: ago(minutes),
    request: { bucketName: 'ledger' },
    extra: { userIdentity: { type: 'IAMUser', userName: user, accountId: account }, ...more },
  })

it('a finding of a scan gets its actor from the account’s event history: the newest write before it', async () => {
  const recording = JSON.parse(readFileSync(new URL('../fixtures/aws/cloudtrail.LookupEvents.json', import.meta.url), 'utf8')) as {
    type: string
    body: { Events: JsonObject[]; NextToken?: string }
  }
  const asked: JsonObject[] = []
  const pages = [
    [s3('GetBucketAcl', 1, 'reader', { readOnly: true }), s3('PutBucketAcl', 2, 'denied', { errorCode: 'AccessDenied' })],
    [s3('PutBucketAcl', 3, 'alice'), s3('PutBucketAcl', 4, 'bob'), s3('PutBucketAcl', -60, 'later')],
  ]
  await using aws = await startTinyAws((incoming, outgoing, body) => {
    if (incoming.headers['x-amz-target']?.toString().endsWith('.LookupEvents') !== true) return false
    const page = asked.push(JSON.parse(body) as JsonObject) - 1
    const Events = (pages[page] ?? []).map((record) =>
      Object.assign({}, recording.body.Events[0], { CloudTrailEvent: JSON.stringify(record) }),
    )
    outgoing.writeHead(200, { 'content-type': recording.type })
    outgoing.end(JSON.stringify({ Events, ...(page === 0 ? { NextToken: recording.body.NextToken } : {}) }))
    return true
  })
  const credentials = { accessKeyId: 'testing', secretAccessKey: 'testing', sessionToken: 'testing' }
  const sessions = createSessions({ roleName: 'audit', externalId: 'x-1', endpoint: aws.endpoint, credentials })
  const findings = [await aFindingOf('baseline'), await aFindingOf('detection')]
  await store.investigations.ask(findings.flatMap(questionsOf))
  await investigating(createEventHistory({ sessions }), async () => {
    const known = await Promise.all(findings.map(causesOf))
    return known.every((causes) => causes.length === 1)
  })
  expect(await causesOf(findings[0] as Finding)).toMatchObject([{ name: 'PutBucketAcl', actor: { name: 'alice' } }])
  // Once for both findings: two pages.
  expect(asked.map(({ LookupAttributes, NextToken }) => [LookupAttributes, NextToken])).toEqual([
    [[{ AttributeKey: 'ResourceName', AttributeValue: 'ledger' }], undefined],
    [[{ AttributeKey: 'ResourceName', AttributeValue: 'ledger' }], 'page-2'],
  ])
})

it('what a change caused, or is not worth it, is not asked for', async () => {
  const [changed, low] = [await aFindingOf('change'), await aFindingOf('baseline', { severity: 'LOW' })]
  expect([changed, low].flatMap(questionsOf)).toEqual([])
})

it('a session whose opening is heard of after the alert is named in the alert', async () => {
  const key = 'ASIALATE000000000001'
  const identity = { ...ofRole('deploy', 'botocore-session-7'), accessKeyId: key }
  const [read] = decode(JSON.stringify(s3('PutBucketAcl', 0, 'x', { userIdentity: identity })), {
    accounts: null,
    regions: null,
    times: 'any',
  }).events
  const cause = { ...aCause(), eventId: 'late', time: new Date().toISOString(), actor: read?.event.actor ?? aCause().actor }
  const [untraced] = await traceCauses(store, [cause])
  const finding = await aFindingOf('change', { causes: [untraced ?? cause] })
  const content = aFindingAlert({ cause, attention: ['Managed by stack shop, changed by hand with aws-cli'] })
  await store.alerts.create({ findingId: finding.id, key: finding.id, content, to: [channel] })
  expect(questionsOf(finding)).toMatchObject([{ question: 'session', delayMs: 5_000 }])
  const opened = aRecord({
    account,
    source: 'sts.amazonaws.com',
    name: 'AssumeRole',
    request: { roleArn: `arn:aws:iam::${account}:role/deploy`, roleSessionName: 'botocore-session-7' },
    response: { credentials: { accessKeyId: key } },
    extra: { userIdentity: { type: 'IAMUser', userName: 'alice', accountId: account } },
  })
  const events = decode(JSON.stringify(opened), { accounts: null, regions: null, times: 'any' }).events
  await store.sessions.note(events.flatMap(({ event }) => sessionOf(event) ?? []))
  await store.investigations.ask([{ findingId: finding.id, question: 'session', line: 's', severity: 'HIGH', delayMs: 0 }])
  const nobody = historyOf(() => Promise.reject(new Error('not asked')))
  await investigating(nobody, async () => (await store.alerts.byFinding(finding.id))?.revision === 2)
  const alert = await store.alerts.byFinding(finding.id)
  expect(alert?.content).toMatchObject({
    cause: { actor: { name: 'alice', identity: 'iam-user', via: ['deploy'] } },
    attention: ['Managed by stack shop, changed by hand with aws-cli'],
  })
  expect(await causesOf(finding)).toMatchObject([{ actor: { name: 'alice' } }])
})

it('a history that cannot be read leaves the finding as it is', async () => {
  const finding = await aFindingOf('baseline')
  let asked = 0
  const refusing = historyOf(() => {
    asked += 1
    return Promise.reject(new Error('access denied'))
  })
  await store.investigations.ask(questionsOf(finding))
  await investigating(refusing, async () => asked > 0 && (await store.investigations.lease(10, 1)).length === 0)
  expect(await causesOf(finding)).toEqual([])
})

it('many findings of a first scan are asked for one after another, the most severe first', async () => {
  const severities = ['MEDIUM', 'CRITICAL', 'HIGH'] as const
  const findings: Finding[] = []
  for (const [index, severity] of [...severities, ...severities].entries()) {
    findings.push(await aFindingOf('baseline', { severity, resource: { ...bucket, id: `bucket-${severity}-${index}` } }))
  }
  await store.investigations.ask(findings.flatMap(questionsOf))
  let under = 0
  let most = 0
  const order: string[] = []
  const slow = historyOf(async (_, name) => {
    under += 1
    most = Math.max(most, under)
    await new Promise((resolve) => setTimeout(resolve, 5))
    under -= 1
    order.push(name.split('-')[1] ?? '')
    return []
  })
  await investigating(slow, () => Promise.resolve(order.length === 6))
  expect(most).toBe(1)
  expect(order).toEqual(['CRITICAL', 'CRITICAL', 'HIGH', 'HIGH', 'MEDIUM', 'MEDIUM'])
})
