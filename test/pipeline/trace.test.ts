import { afterAll, describe, expect, it } from 'vitest'
import type { Actor, Cause, FindingAlert } from '#model'
import { decode, sessionOf } from '#ingest'
import type { Store } from '#store'
import { traceCauses } from '../../services/pipeline/trace.ts'
import { account, ofRole, webIdentity } from '../ingest/actors.ts'
import { freshStore } from '../support/database.ts'
import { startInnerLine } from '../support/inner-line.ts'
import { aRecord } from '../support/records.ts'

const store: Store = await freshStore()
afterAll(async () => {
  await store[Symbol.asyncDispose]()
})

const alice = { type: 'IAMUser', userName: 'alice', accessKeyId: 'AKIAALICE00000001', accountId: account }
let keys = 0
const newKey = (): string => `ASIATRACE${String((keys += 1)).padStart(8, '0')}`

/** The record of a call that opens a session of a role. */
function opens(
  role: string,
  session: string,
  key: string,
  by: Record<string, unknown>,
  name = 'AssumeRole',
): Record<string, unknown> {
  return aRecord({
    account,
    source: 'sts.amazonaws.com',
    name,
    request: { roleArn: `arn:aws:iam::${account}:role/${role}`, roleSessionName: session },
    response: { credentials: { accessKeyId: key, sessionToken: 'secret', expiration: 'Nov 21, 2026, 6:30:22 PM' } },
    extra: { userIdentity: by, readOnly: true },
  })
}
const used = (role: string, session: string, key: string): Record<string, unknown> => ({
  ...ofRole(role, session),
  accessKeyId: key,
})

function eventOf(record: Record<string, unknown>) {
  const [read] = decode(JSON.stringify(record), { accounts: null, regions: null, times: 'any' }).events
  if (read === undefined) throw new Error('the record was refused')
  return read.event
}
async function note(...records: readonly Record<string, unknown>[]): Promise<void> {
  await store.sessions.note(records.flatMap((record) => sessionOf(eventOf(record)) ?? []))
}
/** Who is behind a call by an identity. */
async function behind(identity: Record<string, unknown>): Promise<Actor> {
  const {
    id: eventId,
    source,
    name,
    time,
    actor,
  } = eventOf(aRecord({ account, source: 's3.amazonaws.com', name: 'PutBucketPolicy', extra: { userIdentity: identity } }))
  const cause: Cause = { eventId, source, name, time: time.toISOString(), actor, receivedAt: time.toISOString() }
  const [traced] = await traceCauses(store, [cause])
  const [again] = await traceCauses(store, traced === undefined ? [] : [traced])
  expect(again).toEqual(traced)
  return traced?.actor ?? actor
}

describe('a role’s session', () => {
  it('is called after the user who opened it', async () => {
    const key = newKey()
    await note(opens('deploy', 'aws-go-sdk-1', key, alice))
    const actor = await behind(used('deploy', 'aws-go-sdk-1', key))
    expect(actor).toMatchObject({ identity: 'iam-user', name: 'alice', claimed: false, via: ['deploy'], kind: 'AssumedRole' })
  })

  it('of a chain of roles is called after its first link, whatever the sessions are called', async () => {
    const [one, two, three] = [newKey(), newKey(), newKey()]
    await note(
      opens('first', 'x', one, alice),
      opens('second', 'the-ceo', two, used('first', 'x', one)),
      opens('third', 'z', three, used('second', 'the-ceo', two)),
    )
    expect(await behind(used('third', 'z', three))).toMatchObject({
      identity: 'iam-user',
      name: 'alice',
      via: ['first', 'second', 'third'],
    })
  })

  it('of a build is called after repository and run', async () => {
    const key = newKey()
    const job = webIdentity('token.actions.githubusercontent.com', 'repo:acme/shop:ref:refs/heads/main')
    await note(opens('ci-apply', 'run-7411223344', key, job, 'AssumeRoleWithWebIdentity'))
    const provider = `arn:aws:iam::${account}:oidc-provider/token.actions.githubusercontent.com`
    const session = ofRole('ci-apply', 'run-7411223344', { webIdFederationData: { federatedProvider: provider } })
    expect(await behind({ ...session, accessKeyId: key })).toMatchObject({
      identity: 'ci-job',
      name: 'acme/shop main run 7411223344',
      via: ['ci-apply'],
      job: { repository: 'acme/shop', url: 'https://github.com/acme/shop/actions/runs/7411223344' },
      tool: { kind: 'cli', byHand: false },
    })
  })

  it('with a key that no record opened is told by its name, where one caller alone used it', async () => {
    await note(opens('admin', 'gina', newKey(), alice), opens('admin', 'gina', newKey(), alice))
    expect(await behind(used('admin', 'gina', newKey()))).toMatchObject({ name: 'alice', claimed: true })
    await note(opens('admin', 'gina', newKey(), { ...alice, userName: 'bob' }))
    expect(await behind(used('admin', 'gina', newKey()))).toMatchObject({ identity: 'role-session', name: 'gina' })
  })

  it('that leads round in a circle stays what it is, and ends', async () => {
    const [one, two] = [newKey(), newKey()]
    await note(opens('a', 'x1', one, used('b', 'x2', two)), opens('b', 'x2', two, used('a', 'x1', one)))
    expect((await behind(used('a', 'x1', one))).identity).toBe('role-session')
  })

  it('behind more than five roles is followed for five', async () => {
    const chain = Array.from({ length: 8 }, () => newKey())
    const records = chain.map((key, index) =>
      opens(`r${index}`, 'long', key, index === 0 ? alice : used(`r${index - 1}`, 'long', chain[index - 1] ?? '')),
    )
    await note(...records)
    expect(await behind(used('r7', 'long', chain[7] ?? ''))).toMatchObject({
      identity: 'role-session',
      via: ['r2', 'r3', 'r4', 'r5', 'r6', 'r7'],
    })
  })
})

describe('an event that opens a session', () => {
  it.each([
    ['failed', { errorCode: 'AccessDenied' }],
    ['is AWS’s own, for an instance', { userIdentity: { type: 'AWSService', invokedBy: 'ec2.amazonaws.com' } }],
    ['carries no key', { responseElements: null }],
  ])('is left out when it %s', (_, more) => {
    expect(sessionOf(eventOf({ ...opens('r', 's', 'ASIAX0000000000001', alice), ...more }))).toBeNull()
  })

  it('is noted without its secrets', () => {
    expect(JSON.stringify(sessionOf(eventOf(opens('r', 's', 'ASIAX0000000000001', alice))))).not.toContain('secret')
  })
})

describe('the line', () => {
  it('names the human behind the session in the alert of a rule', async () => {
    await using line = await startInnerLine({
      endpoint: 'http://127.0.0.1:9',
      accounts: [{ id: account, regions: ['us-east-1'] }],
      types: ['AWS.KMS.Key'],
      folders: ['rules'],
      workers: [],
    })
    const key = newKey()
    await line.send(opens('breakglass', 'botocore-session-1', key, alice))
    const stopped = aRecord({ account, source: 'cloudtrail.amazonaws.com', name: 'StopLogging', request: { name: 'main' } })
    await line.send({ ...stopped, userIdentity: used('breakglass', 'botocore-session-1', key) })
    const [alert] = (await line.told()) as readonly FindingAlert[]
    expect(alert?.cause?.actor).toMatchObject({ name: 'alice', via: ['breakglass'] })
  })
})
