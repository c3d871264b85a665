import { expect, it } from 'vitest'
import { wholeActor, type Actor, type OpenedSession } from '#model'
import { stopClock, type Subject } from './store.ts'

const roleArn = 'arn:aws:iam::111122223333:role/deploy'
const start = new Date('2026-11-21T12:00:00Z')

function anActor(name: string, more: Partial<Actor> = {}): Actor {
  return wholeActor({ kind: 'IAMUser', name, arn: null, accountId: '111122223333', sourceAddress: null, userAgent: null, ...more })
}

function aSession(accessKeyId: string, more: Partial<OpenedSession> = {}): OpenedSession {
  return { accessKeyId, roleArn, name: accessKeyId.toLowerCase(), openedAt: start, by: anActor('ann'), ...more }
}

export function sessionsContract(open: () => Promise<Subject>): void {
  const wantedBy = (session: OpenedSession, at = start) => ({
    accessKeyId: session.accessKeyId,
    roleArn: session.roleArn,
    name: session.name,
    at,
  })

  it('finds who opened sessions by their keys, as they were noted', async () => {
    const { sessions } = (await open()).store
    const [one, two] = [aSession('ASIAONE'), aSession('ASIATWO', { by: anActor('bob') })]
    await sessions.note([two, one, one])
    await sessions.note([])
    expect(await sessions.find([wantedBy(one), wantedBy(two), wantedBy(aSession('ASIANOBODY'))])).toEqual([one, two])
    expect(await sessions.find([])).toEqual([])
  })

  it('finds sessions of the same role and name of the 13 hours before, and no others', async () => {
    const { sessions } = (await open()).store
    const at = (hours: number): Date => new Date(start.getTime() + hours * 3_600_000)
    const given = [-14, -12, -1, 1].map((hours, index) => aSession(`ASIA${index}`, { name: 'gina', openedAt: at(hours) }))
    await sessions.note([...given, aSession('ASIAOTHER', { name: 'gina', roleArn: `${roleArn}-2`, openedAt: at(-1) })])
    const found = await sessions.find([{ accessKeyId: 'ASIACONSOLE', roleArn, name: 'gina', at: start }])
    expect(found.map(({ accessKeyId }) => accessKeyId)).toEqual(['ASIA1', 'ASIA2'])
  })

  it('keeps of two records of one key the one that names the caller better', async () => {
    const { sessions } = (await open()).store
    const outside = aSession('ASIAX', { by: anActor('account 2', { kind: 'AWSAccount', identity: 'other-account' }) })
    const inside = aSession('ASIAX', { by: anActor('cleo') })
    for (const order of [
      [outside, inside],
      [inside, outside],
      [inside, aSession('ASIAX', { by: anActor('mallory') })],
    ]) {
      for (const each of order) await sessions.note([each])
      expect((await sessions.find([wantedBy(inside)])).map(({ by }) => by.name)).toEqual(['cleo'])
    }
  })

  it('forgets sessions after two days', async () => {
    const subject = await open()
    const clock = await stopClock(subject)
    const session = aSession('ASIAOLD')
    await subject.store.sessions.note([session])
    await clock(47 * 3_600_000)
    await subject.store.maintain()
    expect(await subject.store.sessions.find([wantedBy(session)])).toHaveLength(1)
    await clock(49 * 3_600_000)
    await subject.store.maintain()
    expect(await subject.store.sessions.find([wantedBy(session)])).toEqual([])
  })
}
