import { afterAll, describe, expect, it } from 'vitest'
import { createDestination, terminalMessage, type DirectoryEntry } from '#alerting'
import type { Actor } from '#model'
import { startSlackServer } from '../../services/processes/demo/slack-server.ts'
import { aCause, aFindingAlert, anOutgoing } from '../support/alerts.ts'

const slack = await startSlackServer({
  channels: ['shop'],
  perChannelPerSecond: 50,
  burst: 50,
  people: { 'dana@acme.example': 'U0DANA0001', 'odd@acme.example': '!channel' },
})
afterAll(() => slack.stop())

const alice: DirectoryEntry = {
  name: 'Alice Kim',
  email: 'alice@acme.example',
  slackId: 'U0ALICE001',
  principals: ['alice', 'arn:aws:iam::*:user/alice-*'],
}
const connection = { token: slack.token, apiUrl: slack.url }
let posts = 0
const aSlack = (mention = true) =>
  createDestination({ slack: connection }, { directory: [alice], mentionFor: new Set(mention ? ['shop'] : []) })

/** How the Who line stands in the channel, and what Slack turns into a mention. */
async function posted(actor: Partial<Actor>, mention = true, destination = aSlack(mention)) {
  const content = aFindingAlert({ title: `t${(posts += 1)}`, cause: aCause({ actor: { arn: null, ...actor } }) })
  const to = { destination: 'slack', channel: 'shop', team: 'shop', because: 'b' }
  const alert = anOutgoing({ deliveryId: `d${posts}`, to, content })
  await destination.post('shop', alert, AbortSignal.timeout(5_000))
  const message = await slack.waitFor(({ text }) => text.includes(`t${posts} `))
  const who = terminalMessage(message)
    .split('\n')
    .find((row) => row.startsWith('• Who: '))
    ?.slice(7)
  return { who, mentions: message.controls.filter((each) => !each.startsWith('http')) }
}

const dana = { kind: 'AssumedRole', identity: 'identity-center', name: 'dana@acme.example', claimed: false } as const

describe('a person of the directory', () => {
  it('is shown by name, with what AWS calls them, and mentioned where the team wants it', async () => {
    expect(await posted({ name: 'alice' })).toEqual({ who: 'Alice Kim @U0ALICE001 (alice, IAM user)', mentions: ['user'] })
    expect(await posted({ name: 'alice' }, false)).toEqual({ who: 'Alice Kim (alice, IAM user)', mentions: [] })
  })

  it('is known by a pattern of ARNs, and by no other user’s', async () => {
    expect((await posted({ name: 'x', arn: 'arn:aws:iam::1:user/alice-ci' })).who).toContain('Alice Kim')
    expect((await posted({ name: 'malice' })).who).toBe('malice (IAM user)')
  })

  it('is not mentioned by a session’s name that anybody could have chosen', async () => {
    const session = { kind: 'AssumedRole', identity: 'role-session', name: 'alice', claimed: true } as const
    expect((await posted(session)).mentions).toEqual([])
  })
})

describe('a session called by an e-mail address', () => {
  it('is a person by itself, found at Slack once for all alerts', async () => {
    const one = aSlack()
    const before = slack.calls().byMethod.get('users.lookupByEmail') ?? 0
    expect(await posted(dana, true, one)).toEqual({ who: 'dana@acme.example @U0DANA0001 (Identity Center)', mentions: ['user'] })
    expect((await posted(dana, true, one)).mentions).toEqual(['user'])
    expect((slack.calls().byMethod.get('users.lookupByEmail') ?? 0) - before).toBe(1)
  })

  it('whom Slack does not know, or knows by what is no id, is not mentioned', async () => {
    for (const name of ['nobody@acme.example', 'odd@acme.example']) {
      expect(await posted({ ...dana, name })).toEqual({ who: `${name} (Identity Center)`, mentions: [] })
    }
  })

  it('is told without a mention when Slack does not answer', async () => {
    slack.faults.hang(1, 'users.lookupByEmail')
    expect((await posted(dana)).mentions).toEqual([])
  })
})
