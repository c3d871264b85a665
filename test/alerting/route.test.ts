import { describe, expect, it } from 'vitest'
import { summaries, type RouteTable, type Router } from '#alerting'
import type { JsonObject } from '#model'
import { aDetection, aFinding, aFindingAlert, aPlace } from '../support/alerts.ts'
import { aRouter, ownsNothing } from '../support/routing.ts'

const accounts = [
  { id: '111122223333', name: 'payments-prod', label: 'prod', ou: 'Root/Prod/Payments' },
  { id: '444455556666', name: 'lab', label: 'dev', ou: null },
]
const teams = [
  { id: 'data', channel: 'data-alerts', owns: { ...ownsNothing, tags: [{ key: 'team', value: 'data' }] } },
  { id: 'payments', channel: 'payments-alerts', owns: { ...ownsNothing, accounts: ['111122223333'] } },
]
const none = { attributes: {} }
const tagged = (Tags: JsonObject): { attributes: JsonObject } => ({ attributes: { Tags } })
const route = (routes: RouteTable['routes']): Router => aRouter({ teams, accounts, routes })

describe('ownership', () => {
  it('a tag that a team owns wins over the account that another owns', () => {
    const [to] = route([])(aFindingAlert(), tagged({ team: 'data' }))
    expect(to).toEqual({ destination: 'slack', channel: 'data-alerts', team: 'data', because: 'team data owns tag team=data' })
  })

  it('without an owned tag the owner of the account is told', () => {
    const [to] = route([])(aFindingAlert(), tagged({ team: 'unknown' }))
    expect(to).toMatchObject({ channel: 'payments-alerts', because: 'team payments owns account payments-prod (111122223333)' })
  })

  it('what nobody owns goes to the fallback', () => {
    const alert = aFindingAlert({ place: aPlace({ accountId: '444455556666' }) })
    expect(route([])(alert, none)).toEqual([
      { destination: 'slack', channel: 'security', team: null, because: 'nobody owns it and no route matches' },
    ])
  })
})

describe('routes', () => {
  it('the first that matches wins, and later ones are not asked', () => {
    const router = route([
      { when: { severity: ['LOW'] }, to: ['low'] },
      { when: { labels: ['prod'], detections: ['AWS.S3.*'] }, to: ['s3-prod'] },
      { when: {}, to: ['all'] },
    ])
    const to = router(aFindingAlert(), none)
    expect(to.map(({ channel }) => channel)).toEqual(['s3-prod'])
    expect(to[0]?.because).toBe('route 2 (labels prod, detections AWS.S3.*)')
  })

  it('`team` stands for the owner and is not told twice', () => {
    const router = route([{ when: { teams: ['payments'] }, to: ['team', 'security', 'payments-alerts'] }])
    expect(router(aFindingAlert(), none).map(({ channel }) => channel)).toEqual(['payments-alerts', 'security'])
  })

  it('`team` without an owner is the fallback', () => {
    const router = route([{ when: { accounts: ['444455556666'] }, to: ['team'] }])
    const to = router(aFindingAlert({ place: aPlace({ accountId: '444455556666' }) }), none)
    expect(to).toMatchObject([{ channel: 'security', team: null }])
  })

  it.each([
    ['AWS.S3.*', 'AWS.S3.Public', true],
    ['*Public*', 'AWS.S3.Public', true],
    ['AWS.*.Public', 'AWS.S3.Public', true],
    ['AWS.S3.Public', 'AWS.S3.Public', true],
    ['AWS.S3', 'AWS.S3.Public', false],
    ['aa*aa', 'aaa', false],
    ['AWS.S3.*Read', 'AWS.S3.Public', false],
    ['A.S', 'AWS', false],
  ])('the pattern %s against %s gives %s', (pattern, id, expected) => {
    const router = route([{ when: { detections: [pattern] }, to: ['matched'] }])
    const [to] = router(aFindingAlert({ detection: { id, kind: 'policy', displayName: id } }), none)
    expect(to?.channel === 'matched').toBe(expected)
  })

  it('notes and bare summaries go to the fallback whatever the routes say', () => {
    const router = route([{ when: {}, to: ['all'] }])
    expect(router({ kind: 'note', title: 't', text: 'x' }, none)).toMatchObject([{ channel: 'security' }])
    const summary = { kind: 'summary', origin: 'baseline', total: 0, bySeverity: {}, byDetection: [], critical: [] } as const
    expect(router(summary, none)).toMatchObject([{ channel: 'security' }])
  })
})

const untold = (id: string, given: Parameters<typeof aFinding>[0] = {}, about: { attributes: JsonObject } = none) => ({
  finding: aFinding({ id, origin: 'baseline', ...given }),
  detection: aDetection({ displayName: `detection ${given?.detectionId ?? 'one'}`, id: given?.detectionId ?? 'one' }),
  place: aPlace(),
  ...about,
})

describe('summaries', () => {
  it('each team gets one, with its counts and its critical ones named', async () => {
    const found = await summaries(
      [
        untold('1'),
        untold('2', { severity: 'LOW', detectionId: 'two', title: 'small' }),
        untold('3', { severity: 'LOW', detectionId: 'two', title: 'small' }),
        untold('4', {}, tagged({ team: 'data' })),
        untold('5', { origin: 'change' }),
      ],
      route([]),
    )
    expect(found.map(({ to, findingIds }) => [to[0]?.channel, findingIds])).toEqual([
      ['payments-alerts', ['1', '2', '3']],
      ['data-alerts', ['4']],
    ])
    expect(found[0]?.content).toMatchObject({
      total: 3,
      bySeverity: { CRITICAL: 1, LOW: 2 },
      byDetection: [
        { displayName: 'detection one', severity: 'CRITICAL', count: 1 },
        { displayName: 'detection two', severity: 'LOW', count: 2 },
      ],
      critical: [{ title: 'Bucket ledger is publicly readable' }],
    })
  })

  it('channels that would read the same share one, others read their own part', async () => {
    const both = await summaries([untold('1'), untold('2')], route([{ when: {}, to: ['team', 'audit'] }]))
    expect(both.map(({ to, findingIds }) => [to.map(({ channel }) => channel), findingIds])).toEqual([
      [
        ['payments-alerts', 'audit'],
        ['1', '2'],
      ],
    ])
    const apart = await summaries(
      [untold('1', { severity: 'LOW' }), untold('2')],
      route([{ when: { severity: ['CRITICAL'] }, to: ['team', 'audit'] }]),
    )
    expect(apart.map(({ to, findingIds }) => [to.map(({ channel }) => channel), findingIds])).toEqual([
      [['payments-alerts'], ['1', '2']],
      [['audit'], ['2']],
    ])
  })

  it('names at most 20 critical ones and counts all', async () => {
    const [summary] = await summaries(
      Array.from({ length: 30 }, (_, index) => untold(String(index))),
      route([]),
    )
    expect(summary?.content.critical).toHaveLength(20)
    expect(summary?.content.total).toBe(30)
  })
})
