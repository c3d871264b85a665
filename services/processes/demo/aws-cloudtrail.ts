import type { Account, Trail } from './account.ts'
import { fault, text, type Answer, type Call, type Service, type Wire } from './aws-wire.ts'

/** CloudTrail: trails, whether they log, and what they log. */
export const cloudtrail: Service = {
  name: 'cloudtrail',
  protocol: 'json',
  namespace: '',
  actions: {
    DescribeTrails: (call) => {
      const names = texts(call.input['trailNameList'])
      const shadows = call.input['includeShadowTrails'] !== false
      const seen = call.account.trails.filter((each) => each.HomeRegion === call.region || (shadows && each.IsMultiRegionTrail))
      const wanted = names.length === 0 ? seen : seen.filter((each) => names.includes(each.Name) || names.includes(arn(call, each)))
      return { result: { trailList: wanted.map((each) => described(call, each)) } }
    },
    ListTrails: (call) => ({
      result: {
        Trails: call.account.trails.map((each) => ({ TrailARN: arn(call, each), Name: each.Name, HomeRegion: each.HomeRegion })),
      },
    }),
    GetTrail: (call) => onTrail(call, (trail) => ({ result: { Trail: described(call, trail) } })),
    GetTrailStatus: (call) => onTrail(call, (trail) => ({ result: trail.status })),
    LookupEvents: lookUp,
    GetEventSelectors: (call) =>
      onTrail(call, (trail) => ({ result: { TrailARN: arn(call, trail), EventSelectors: trail.selectors } })),
    ListTags: (call) => {
      const wanted = texts(call.input['ResourceIdList'])
      const unknown = wanted.find((id) => !call.account.trails.some((each) => arn(call, each) === id))
      if (unknown !== undefined) return fault('ResourceNotFoundException', `Unknown trail: ${unknown}`)
      const found = call.account.trails.filter((each) => wanted.includes(arn(call, each)))
      return { result: { ResourceTagList: found.map((each) => ({ ResourceId: arn(call, each), TagsList: each.tags })) } }
    },
  },
}

const lookUps = new WeakMap<Account, Map<string, { tokens: number; at: number }>>()

/** As AWS: newest first, 50 a page, a token that belongs to its question, two questions a second of an account's region after the first few. */
function lookUp({ account, region, input }: Call): Answer {
  const regions = lookUps.get(account) ?? new Map<string, { tokens: number; at: number }>()
  lookUps.set(account, regions)
  const before = regions.get(region) ?? { tokens: 4, at: performance.now() }
  const tokens = Math.min(4, before.tokens + ((performance.now() - before.at) / 1_000) * 2)
  regions.set(region, { tokens: Math.max(0, tokens - 1), at: performance.now() })
  if (tokens < 1) return fault('ThrottlingException', 'Rate exceeded')
  const { StartTime: from = 0, EndTime: until = Number.MAX_SAFE_INTEGER, MaxResults: size = 50, NextToken: token } = input
  const asked = JSON.stringify([from, until])
  const [question = asked, offset = '0'] = typeof token === 'string' ? token.split(' ') : []
  if (question !== asked) return fault('InvalidNextTokenException', 'Invalid token')
  const found = (account.history ?? [])
    .filter((each) => each.region === region && between(each.time.getTime() / 1_000, Number(from), Number(until)))
    .toSorted((one, other) => other.time.getTime() - one.time.getTime())
  const end = Number(offset) + Math.min(50, Number(size))
  const events = found.slice(Number(offset), end).map(({ time, record }) => ({
    EventTime: time.getTime() / 1_000,
    CloudTrailEvent: record,
  }))
  return { result: { Events: events, ...(end < found.length ? { NextToken: `${asked} ${end}` } : {}) } }
}

function between(value: number, from: number, until: number): boolean {
  return value >= from && value <= until
}

function described(call: Call, trail: Trail): Wire {
  const { status: _status, selectors: _selectors, tags: _tags, ...rest } = trail
  return {
    ...rest,
    TrailARN: arn(call, trail),
    IncludeGlobalServiceEvents: true,
    IsOrganizationTrail: false,
    HasCustomEventSelectors: false,
    HasInsightSelectors: false,
  }
}

/** As AWS: a trail's name is known in its home region, its ARN everywhere. */
function onTrail(call: Call, answer: (trail: Trail) => Answer): Answer {
  const name = text(call, 'Name') || text(call, 'TrailName')
  const trail = call.account.trails.find(
    (each) => arn(call, each) === name || (each.Name === name && each.HomeRegion === call.region),
  )
  return trail === undefined
    ? fault('TrailNotFoundException', `Unknown trail: ${name} for the user: ${call.account.id}`)
    : answer(trail)
}

function arn(call: Call, trail: Trail): string {
  return `arn:aws:cloudtrail:${trail.HomeRegion}:${call.account.id}:trail/${trail.Name}`
}

function texts(value: Wire): readonly string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : []
}
