import { describe, expect, it } from 'vitest'
import { readTarget, summaries, type RouteTable, type Router } from '#alerting'
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

describe('the conditions of a route', () => {
  const groups = [{ name: 'ledgers', is: { names: ['ledger*'] } }]
  const at =
    (time: string): (() => Date) =>
    () =>
      new Date(time)
  const hours = { timeZone: 'Europe/Berlin', days: ['mon', 'fri'] as const, fromMinutes: 9 * 60, toMinutes: 17 * 60 }
  const night = { ...hours, fromMinutes: 22 * 60, toMinutes: 6 * 60 }
  const pay = { tags: { system: 'pay*' } }

  it.each<[RouteTable['routes'][number]['when'], boolean, string?]>([
    [{ tags: { system: 'pay*' } }, true],
    [{ tags: { system: 'pay*', tier: '*' } }, false],
    [{ groups: ['ledgers'] }, true],
    [{ groups: ['others'] }, false],
    [{ ous: ['Root/Prod'] }, true],
    [{ ous: ['Root/Prod/Pay'] }, false],
    [{ types: ['AWS.S3.*'] }, true],
    [{ types: ['AWS.EC2.*'] }, false],
    [{ regions: ['eu-*'] }, true],
    [{ regions: ['us-*'] }, false],
    [{ severity: ['CRITICAL'], ...pay, groups: ['ledgers'] }, true],
    [{ severity: ['LOW'], ...pay, groups: ['ledgers'] }, false],
    // A Friday: 15:30 in Berlin's winter, 16:30 in its summer.
    [{ hours }, true, '2026-11-20T14:30:00Z'],
    [{ hours }, false, '2026-11-20T16:30:00Z'],
    [{ hours }, true, '2026-07-10T14:30:00Z'],
    [{ hours }, false, '2026-07-10T15:30:00Z'],
    [{ hours }, false, '2026-11-21T14:30:00Z'],
    [{ hours: night }, true, '2026-11-20T23:30:00Z'],
    [{ hours: night }, true, '2026-11-21T04:30:00Z'],
    [{ hours: night }, false, '2026-11-20T04:30:00Z'],
  ])('%j: it matches is %s (%s)', (when, expected, time = '2026-11-20T14:30:00Z') => {
    const router = aRouter({ teams, accounts, groups, now: at(time), routes: [{ when, to: ['matched'] }] })
    const [to] = router(aFindingAlert(), tagged({ system: 'payments' }))
    expect(to?.channel === 'matched').toBe(expected)
  })
})

describe('places', () => {
  const destinations = [
    { name: 'siem', channel: 'siem' },
    { name: 'slack-emea', channel: null },
    { name: 'pager', channel: '#on-call' },
  ]
  it.each([
    ['siem', 'siem', 'siem'],
    ['slack-emea:#payments', 'slack-emea', '#payments'],
    ['pager', 'pager', '#on-call'],
    ['pager:#other', 'pager', '#other'],
    ['slack:#payments', 'slack', '#payments'],
    ['#payments', 'slack', '#payments'],
  ])('%s is the channel %3$s of %2$s', (word, destination, channel) => {
    expect(aRouter({ destinations, routes: [{ when: {}, to: [word] }] })(aFindingAlert())).toMatchObject([{ destination, channel }])
  })

  it.each([['slack-emea'], ['nowhere:#payments'], ['siem:#x'], ['slack'], ['']])('%j leads nowhere', (word) => {
    expect(readTarget(word, destinations)).toBeNull()
  })

  it('notes go to every place of the operators', () => {
    const to = aRouter({ destinations, operators: ['siem', '#ops'] })({ kind: 'note', title: 't', text: 'x' })
    expect(to.map(({ destination }) => destination)).toEqual(['siem', 'slack'])
  })
})

describe("a detection's own destinations", () => {
  const router = aRouter({
    teams,
    accounts,
    destinations: [{ name: 'siem', channel: 'siem' }],
    routes: [{ when: {}, to: ['routed'] }],
  })
  it.each<[readonly string[] | null, readonly string[]]>([
    [null, ['routed']],
    [[], []],
    [
      ['siem', '#direct'],
      ['siem', '#direct'],
    ],
    [['team'], ['payments-alerts']],
    [['security'], ['security']],
    [['siem', 'no such place'], ['siem']],
    [['no such place', 'a:b'], ['routed']],
  ])('%j: told at %j', (destinations, expected) => {
    expect(router(aFindingAlert(), { attributes: {}, destinations }).map(({ channel }) => channel)).toEqual(expected)
  })

  it('that lead nowhere are explained', () => {
    expect(router.explain(aFindingAlert(), { attributes: {}, destinations: ['nix'] }).destinations).toBe(
      'the detection names nix, of which nothing is known: the routes decide',
    )
  })
})

describe('the explanation', () => {
  it('names the owner, each route with what it lacks, and the way that counts', () => {
    const router = aRouter({
      teams,
      accounts,
      routes: [
        { when: { severity: ['LOW', 'INFO'] }, to: ['low'] },
        { when: { tags: { team: 'data' } }, to: ['data'] },
        { when: { labels: ['prod'] }, to: ['team'] },
        { when: {}, to: ['rest'] },
      ],
    })
    const { ownership, routes, to } = router.explain(aFindingAlert(), tagged({ team: 'pay' }))
    expect(ownership).toEqual([
      { kind: 'tags', owner: null, because: 'no team owns it by its tags' },
      { kind: 'groups', owner: null, because: 'no team owns it by its groups' },
      { kind: 'accounts', owner: 'payments', because: 'team payments owns account payments-prod (111122223333)' },
      { kind: 'ous', owner: null, because: 'no team owns it by its ous' },
    ])
    expect(routes.map(({ because }) => because)).toEqual([
      'severity is CRITICAL, not LOW or INFO',
      'tag team is pay, not data',
      null,
      null,
    ])
    expect(to).toEqual(router(aFindingAlert(), tagged({ team: 'pay' })))
    expect(to[0]?.because).toBe('route 3 (labels prod); team payments owns account payments-prod (111122223333)')
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
