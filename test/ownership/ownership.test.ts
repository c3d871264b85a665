import { describe, expect, it } from 'vitest'
import { createGroups, createOwnership, type Criteria, type Subject } from '#ownership'
import { ownsNothing } from '../support/routing.ts'

const accounts = [
  { id: '111122223333', name: 'shop', label: 'prod', ou: 'Root/Prod/Shop' },
  { id: '444455556666', name: 'lab', label: 'dev', ou: 'Root/Dev' },
  { id: '777788889999', name: 'old', label: null, ou: null },
]
const bucket = (given: Partial<Subject> = {}): Subject => ({
  accountId: '111122223333',
  region: 'eu-west-1',
  type: 'AWS.S3.Bucket',
  id: 'arn:aws:s3:::ledger',
  name: 'ledger',
  attributes: {
    Tags: { team: 'pay', tier: 'gold' },
    Block: { Acls: false },
    Size: 12,
    Owner: null,
    Grants: [{ Who: { Uri: 'all-users' } }, { Who: { Uri: 'me' } }],
  },
  ...given,
})
const isIn = (is: Criteria, subject = bucket()): boolean => createGroups([{ name: 'g', is }], accounts).isIn('g', subject)

describe('an asset group', () => {
  it.each<[Criteria, boolean]>([
    [{ accounts: ['111122223333'] }, true],
    [{ accounts: ['444455556666'] }, false],
    [{ labels: ['dev', 'prod'] }, true],
    [{ labels: ['dev'] }, false],
    [{ ous: ['Root/Prod'] }, true],
    [{ ous: ['Root/Prod/Shop'] }, true],
    [{ ous: ['Root/Pro'] }, false],
    [{ ous: ['Root/Prod/Shop/Below'] }, false],
    [{ regions: ['eu-*'] }, true],
    [{ regions: ['us-*'] }, false],
    [{ types: ['AWS.S3.*'] }, true],
    [{ types: ['AWS.EC2.*'] }, false],
    [{ ids: ['*:ledger'] }, true],
    [{ names: ['led*'] }, true],
    [{ names: ['x'] }, false],
    [{ tags: { team: 'pay' } }, true],
    [{ tags: { team: 'p*', tier: 'gold' } }, true],
    [{ tags: { team: 'pay', tier: 'silver' } }, false],
    [{ tags: { none: '*' } }, false],
    [{ tags: { constructor: '*' } }, false],
    [{ attributes: [{ path: 'Block.Acls', equals: false }] }, true],
    [{ attributes: [{ path: 'Block.Acls', equals: true }] }, false],
    [{ attributes: [{ path: 'Owner', exists: false }] }, true],
    [{ attributes: [{ path: 'Owner', equals: null }] }, true],
    [{ attributes: [{ path: 'Missing.Path', equals: null }] }, true],
    [{ attributes: [{ path: 'Missing.Path', exists: true }] }, false],
    [{ attributes: [{ path: 'constructor.name', exists: true }] }, false],
    [{ attributes: [{ path: 'Size', above: 11, below: 13 }] }, true],
    [{ attributes: [{ path: 'Size', above: 12 }] }, false],
    [{ attributes: [{ path: 'Size', in: [1, 12] }] }, true],
    [{ attributes: [{ path: 'Size', in: ['12'] }] }, false],
    [{ attributes: [{ path: 'Grants.Who.Uri', matches: '*-users' }] }, true],
    [{ attributes: [{ path: 'Grants.Who.Uri', equals: 'you' }] }, false],
    [{ all: [{ labels: ['prod'] }, { types: ['AWS.S3.*'] }] }, true],
    [{ all: [{ labels: ['prod'] }, { types: ['AWS.EC2.*'] }] }, false],
    [{ any: [{ labels: ['dev'] }, { types: ['AWS.S3.*'] }] }, true],
    [{ not: { labels: ['prod'] } }, false],
    [{ labels: ['prod'], not: { any: [{ tags: { team: 'data' } }, { regions: ['us-*'] }] } }, true],
  ])('of %j: a member is %s', (is, expected) => {
    expect(isIn(is)).toBe(expected)
  })

  it('is asked anew each time: a tag that goes takes the resource out of it', () => {
    const groups = createGroups([{ name: 'pay', is: { tags: { team: 'pay' } } }], accounts)
    expect(groups.isIn('pay', bucket())).toBe(true)
    expect(groups.isIn('pay', bucket({ attributes: {} }))).toBe(false)
    expect(groups.isIn('no such group', bucket())).toBe(false)
  })

  it('of nobody holds for what has no account, type or name known', () => {
    const unknown = bucket({ accountId: '000000000000', type: null, id: null, name: null, attributes: {} })
    for (const is of [{ labels: ['prod'] }, { ous: ['Root'] }, { types: ['*'] }, { ids: ['*'] }, { names: ['*'] }]) {
      expect(isIn(is, unknown)).toBe(false)
    }
  })
})

const teams = [
  { id: 'tagged', channel: 'c1', owns: { ...ownsNothing, tags: [{ key: 'team', value: 'pay' }] } },
  { id: 'grouped', channel: 'c2', owns: { ...ownsNothing, groups: ['buckets'] } },
  { id: 'account', channel: 'c3', owns: { ...ownsNothing, accounts: ['111122223333'] } },
  { id: 'unit', channel: 'c4', owns: { ...ownsNothing, ous: ['Root/Prod'] } },
  { id: 'close', channel: 'c5', owns: { ...ownsNothing, ous: ['Root/Prod/Shop'] } },
]
const groups = createGroups([{ name: 'buckets', is: { types: ['AWS.S3.*'] } }], accounts)

describe('ownership', () => {
  it.each([
    [['tags', 'groups', 'accounts', 'ous'], 'team tagged owns tag team=pay'],
    [['groups', 'tags'], 'team grouped owns group buckets'],
    [['accounts', 'tags'], 'team account owns account shop (111122223333)'],
    [['ous', 'tags'], 'team close owns OU Root/Prod/Shop'],
  ] as const)('asked in the order %j: %s', (order, because) => {
    expect(createOwnership({ teams, order }, groups).ownerOf(bucket())?.because).toBe(because)
  })

  it('an OU is owned with all below it, and the closest owner counts', () => {
    const order = ['ous'] as const
    const upper = createOwnership({ teams: teams.slice(0, 4), order }, groups)
    expect(upper.ownerOf(bucket())?.because).toBe('team unit owns OU Root/Prod')
    expect(upper.ownerOf(bucket({ accountId: '444455556666' }))).toBeNull()
    expect(upper.ownerOf(bucket({ accountId: '777788889999' }))).toBeNull()
  })

  it('of two owners the first counts, says so, and both places are named', () => {
    const second = { ...(teams[2] ?? teams[0]), id: 'second' } as (typeof teams)[number]
    const owners = createOwnership({ teams: [...teams.slice(2, 3), second], order: ['accounts'] }, groups)
    expect(owners.ownerOf(bucket())).toMatchObject({
      team: { id: 'account' },
      because: 'team account owns account shop (111122223333), before second who owns it too',
    })
    expect(owners.overlaps()).toMatchObject([
      {
        what: 'account 111122223333',
        first: { team: 'account', place: 'teams.0.owns.accounts.0' },
        second: { team: 'second', place: 'teams.1.owns.accounts.0' },
      },
    ])
  })
})
