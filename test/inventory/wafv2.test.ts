import * as wafv2 from '@aws-sdk/client-wafv2'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { needMoto } from '../support/moto.ts'
import { playRecordings } from '../support/recordings.ts'
import { documentedActions, neededActions } from './access.ts'
import { deviations, gaps, shapes } from './conforms.ts'
import { readExample } from './examples.ts'
import { one, openStand, two, type Stand } from './stand.ts'

const type = 'AWS.WAFv2.WebACL'
const balancer = `arn:aws:elasticloadbalancing:eu-west-1:${one}:loadbalancer/app/shop/50dc6c495c0c9188`
const visibility = { SampledRequestsEnabled: true, CloudWatchMetricsEnabled: true, MetricName: 'shop' }
const rule: wafv2.Rule = {
  Name: 'paths',
  Priority: 1,
  Action: { Block: { CustomResponse: { ResponseCode: 403 } } },
  VisibilityConfig: visibility,
  Statement: {
    ByteMatchStatement: {
      SearchString: Buffer.from('/admin'),
      FieldToMatch: { UriPath: {} },
      TextTransformations: [{ Priority: 0, Type: 'NONE' }],
      PositionalConstraint: 'STARTS_WITH',
    },
  },
}

test('the example is complete', () => {
  expect(deviations(shapes[type], readExample(type))).toEqual([])
  expect(gaps(readExample(type))).toEqual(['TimeCreated'])
})

describe.runIf(needMoto('web ACLs against moto'))('web ACLs against moto', { timeout: 60_000 }, () => {
  let stand: Stand
  let client: wafv2.WAFV2Client
  let main: wafv2.WAFV2Client

  beforeAll(async () => {
    stand = await openStand()
    client = new wafv2.WAFV2Client(await stand.options(one))
    main = new wafv2.WAFV2Client(await stand.options(one, 'us-east-1'))
    // A service is imported on its first call, by us and by moto.
    await stand.list(type)
  }, 120_000)
  beforeEach(() => {
    stand.proxy.clear()
    playRecordings(stand.proxy, 'wafv2.')
  })
  afterAll(() => stand[Symbol.asyncDispose]())

  async function create(Name: string, Scope: wafv2.Scope = 'REGIONAL', of = client): Promise<wafv2.WebACLSummary> {
    const command = new wafv2.CreateWebACLCommand({
      Name,
      Scope,
      DefaultAction: { Allow: {} },
      Description: 'a test',
      VisibilityConfig: visibility,
      Rules: [rule],
      Tags: [{ Key: 'team', Value: 'shop' }],
    })
    return (await of.send(command)).Summary ?? {}
  }

  test('shows its rules, what it does by default, its tags and what it stands before', async () => {
    const { ARN = '', Id } = await create('shows')
    expect(await stand.attributes(type, ARN)).toMatchObject({
      Id,
      WebACLId: Id,
      Name: 'shows',
      Scope: 'REGIONAL',
      Region: 'eu-west-1',
      Tags: { team: 'shop' },
      AssociatedResources: [balancer],
      DefaultAction: { Allow: { CustomRequestHandling: null }, Block: null },
      LoggingConfiguration: null,
      Rules: [
        {
          Name: 'paths',
          Action: { Block: { CustomResponse: { ResponseCode: 403, ResponseHeaders: null } }, Count: null },
          OverrideAction: null,
          Statement: { ByteMatchStatement: { SearchString: '/admin', PositionalConstraint: 'STARTS_WITH' } },
        },
      ],
    })
  })

  test('every kind of resource it may stand before is asked for; one that the region does not have is none', async () => {
    const { ARN = '' } = await create('kinds')
    const invalid = { kind: 'error', code: 'WAFInvalidParameterException', status: 400 } as const
    const kind = (): readonly string[] =>
      stand.proxy.seen.flatMap(({ operation, body }) =>
        operation === 'ListResourcesForWebACL' ? (JSON.parse(body) as { ResourceType: string }).ResourceType : [],
      )
    await stand.attributes(type, ARN)
    expect(kind()).toEqual(expect.arrayContaining(['APPLICATION_LOAD_BALANCER', 'API_GATEWAY', 'COGNITO_USER_POOL']))
    stand.proxy.inject({ operation: 'ListResourcesForWebACL' }, invalid)
    // Load balancers are everywhere: this refusal is no answer.
    await expect(stand.fetch(type, ARN)).rejects.toMatchObject({ name: 'InventoryError' })
  })

  test('nothing associated is an empty list, since that is known', async () => {
    const { ARN = '' } = await create('alone')
    stand.proxy.inject(
      { operation: 'ListResourcesForWebACL' },
      { kind: 'text', status: 200, type: 'application/x-amz-json-1.1', body: '{"ResourceArns":[]}' },
    )
    expect(await stand.attributes(type, ARN)).toMatchObject({ AssociatedResources: [] })
  })

  test('a change of rules, logging and tags shows', async () => {
    const { ARN = '', Id, Name, LockToken } = await create('changes')
    const destination = 'arn:aws:s3:::aws-waf-logs-shop'
    await client.send(
      new wafv2.UpdateWebACLCommand({
        Id,
        Name,
        LockToken,
        Scope: 'REGIONAL',
        DefaultAction: { Block: {} },
        VisibilityConfig: visibility,
        Rules: [{ ...rule, Action: { Count: {} } }],
      }),
    )
    await client.send(
      new wafv2.PutLoggingConfigurationCommand({
        LoggingConfiguration: {
          ResourceArn: ARN,
          LogDestinationConfigs: [destination],
          RedactedFields: [{ SingleHeader: { Name: 'authorization' } }],
        },
      }),
    )
    await client.send(new wafv2.UntagResourceCommand({ ResourceARN: ARN, TagKeys: ['team'] }))
    expect(await stand.attributes(type, ARN)).toMatchObject({
      DefaultAction: { Allow: null, Block: { CustomResponse: null } },
      Rules: [{ Name: 'paths', Action: { Block: null, Count: { CustomRequestHandling: null } } }],
      Tags: null,
      LoggingConfiguration: {
        LogDestinationConfigs: [destination],
        RedactedFields: [{ SingleHeader: { Name: 'authorization' } }],
        LoggingFilter: null,
      },
    })
  })

  test("CloudFront's are read in the main region, where they are listed beside its own", async () => {
    const { ARN: global = '' } = await create('front', 'CLOUDFRONT', main)
    const { ARN: regional = '' } = await create('there', 'REGIONAL', main)
    expect(global).toContain(`:us-east-1:${one}:global/webacl/front/`)
    expect((await stand.list(type, one, 'us-east-1')).toSorted()).toEqual([global, regional].toSorted())
    expect(await stand.list(type)).not.toContain(global)
    const fetched = await stand.fetch(type, global, one, 'us-east-1')
    // Which distributions use it only CloudFront knows.
    expect(fetched).toMatchObject({ attributes: { Scope: 'CLOUDFRONT', Region: 'us-east-1', AssociatedResources: null } })
    expect(await stand.fetch(type, global.replace(':global/', ':regional/'), one, 'us-east-1')).toEqual({ status: 'gone' })
  })

  test('lists page by page through both scopes, and goes on where it was left', async () => {
    const page = (name: string, NextMarker?: string) =>
      stand.proxy.inject(
        { operation: 'ListWebACLs' },
        {
          kind: 'text',
          status: 200,
          type: 'application/x-amz-json-1.1',
          body: JSON.stringify({ WebACLs: [{ ARN: name }], NextMarker }),
        },
        1,
      )
    const rest = (after: string | null) => {
      const scope = { accountId: one, region: 'us-east-1', type }
      return Array.fromAsync(stand.inventory.list(scope, after, AbortSignal.timeout(10_000)))
    }
    page('d')
    page('c', 'c c')
    page('b')
    page('a', 'a a')
    const [first, second, third, fourth] = await rest(null)
    expect([first, second, third, fourth].map((each) => each?.ids)).toEqual([['a'], ['b'], ['c'], ['d']])
    expect(fourth?.next).toBeNull()
    for (const [after, expected] of [
      [first?.next, ['b', 'c']],
      [second?.next, ['c']],
      [third?.next, ['d']],
    ] as const) {
      for (const name of expected.toReversed()) page(name)
      expect((await rest(after ?? '')).flatMap(({ ids }) => ids)).toEqual(expected)
    }
    expect(stand.proxy.seen.at(-1)?.body).toContain('"NextMarker":"c c"')
  })

  test('a deleted one, and one of another account, is gone', async () => {
    const { ARN = '', Id, Name, LockToken } = await create('short-lived')
    await client.send(new wafv2.DeleteWebACLCommand({ Id, Name, LockToken, Scope: 'REGIONAL' }))
    expect(await stand.fetch(type, ARN)).toEqual({ status: 'gone' })
    const { ARN: other = '' } = await create('of-two', 'REGIONAL', new wafv2.WAFV2Client(await stand.options(two)))
    expect(await stand.fetch(type, other, two)).toMatchObject({ status: 'present' })
    expect(await stand.fetch(type, other)).toEqual({ status: 'gone' })
    expect(await stand.list(type)).not.toContain(other)
    expect(await stand.fetch(type, 'nonsense')).toEqual({ status: 'gone' })
  })

  test.each(['GetWebACL', 'GetLoggingConfiguration', 'ListTagsForResource', 'ListResourcesForWebACL'])(
    'one whose %s is denied is unknown',
    async (operation) => {
      const { ARN = '' } = await create(`denied-${operation}`)
      stand.proxy.inject({ service: 'wafv2', operation }, { kind: 'error', code: 'AccessDeniedException', status: 400 })
      await expect(stand.fetch(type, ARN)).rejects.toMatchObject({ name: 'InventoryError', code: 'access-denied' })
    },
  )

  test('the documented permissions are the calls that listing and fetching make', async () => {
    await stand.attributes(type, (await create('permitted')).ARN ?? '')
    await stand.list(type)
    // Of load balancers.
    const documented = documentedActions(['wafv2']).filter((action) => action !== 'wafv2:GetWebACLForResource')
    expect(neededActions(stand.proxy, ['wafv2'])).toEqual(documented)
  })
})
