import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { needMoto } from '../support/moto.ts'
import { playRecordings } from '../support/recordings.ts'
import { documentedActions, neededActions } from './access.ts'
import { deviations, gaps, shapes } from './conforms.ts'
import { readExample } from './examples.ts'
import { one, openStand, two, type Stand } from './stand.ts'

const id = '3bffd3ed-fa2e-445e-869f-a6a7cf153fd3'
const gone = { kind: 'error', code: 'WAFNonexistentItemException', status: 400 } as const
const denied = { kind: 'error', code: 'AccessDeniedException', status: 400 } as const

test.each([
  ['AWS.WAF.WebACL', ['TimeCreated', 'AssociatedResources']],
  ['AWS.WAF.Regional.WebACL', ['TimeCreated']],
])('the example of %s is complete but for what AWS does not tell', (type, untold) => {
  expect(deviations(shapes[type], readExample(type))).toEqual([])
  expect(gaps(readExample(type))).toEqual(untold)
})

// Moto has no AWS WAF Classic: recorded answers stand in for it.
describe.runIf(needMoto('web ACLs of AWS WAF Classic, recorded'))(
  'web ACLs of AWS WAF Classic, recorded',
  { timeout: 60_000 },
  () => {
    let stand: Stand
    beforeAll(async () => {
      stand = await openStand()
      playRecordings(stand.proxy, 'waf')
      // Each client is imported on its first call.
      for (const type of ['AWS.WAF.WebACL', 'AWS.WAF.Regional.WebACL']) await stand.list(type)
    }, 120_000)
    afterAll(() => stand[Symbol.asyncDispose]())

    describe.each([
      { type: 'AWS.WAF.WebACL', service: 'waf', arn: `arn:aws:waf::${one}:webacl/${id}`, region: 'global', associated: null },
      {
        type: 'AWS.WAF.Regional.WebACL',
        service: 'waf-regional',
        arn: `arn:aws:waf-regional:eu-west-1:${one}:webacl/${id}`,
        region: 'eu-west-1',
        associated: [`arn:aws:elasticloadbalancing:eu-west-1:${one}:loadbalancer/app/shop/50dc6c495c0c9188`],
      },
    ])('$type', ({ type, service, arn, region, associated }) => {
      beforeEach(() => {
        stand.proxy.clear()
        playRecordings(stand.proxy, `${service}.`)
        playRecordings(stand.proxy, `${service}.GetWebACL.json`)
      })

      test('shows rules with their bodies, logging, tags and what it stands before', async () => {
        expect(await stand.attributes(type, arn)).toMatchObject({
          Id: id,
          Name: 'shop',
          WebACLId: id,
          Region: region,
          Tags: { team: 'shop' },
          TimeCreated: null,
          DefaultAction: { Type: 'ALLOW' },
          AssociatedResources: associated,
          LoggingConfiguration: { ResourceArn: arn, RedactedFields: [{ Type: 'HEADER', Data: 'authorization' }] },
          Rules: [
            { Name: 'scripts', Priority: 1, Type: 'REGULAR', Action: { Type: 'BLOCK' }, Predicates: [{ Type: 'XssMatch' }] },
            { Name: 'flood', Type: 'RATE_BASED', Action: { Type: 'COUNT' }, Predicates: [{ Type: 'IPMatch', Negated: true }] },
            { Name: 'vendor', Type: 'GROUP', OverrideAction: { Type: 'NONE' }, Action: null, Predicates: null },
          ],
        })
      })

      test('is asked for where it lives', async () => {
        await stand.attributes(type, arn)
        const asked = stand.proxy.seen.filter(({ operation }) => operation !== 'AssumeRole')
        expect(new Set(asked.map((call) => call.service))).toEqual(new Set([service]))
        expect(new Set(asked.map((call) => call.region))).toEqual(new Set([region === 'global' ? 'us-east-1' : region]))
      })

      test('a change shows', async () => {
        playRecordings(stand.proxy, `${service}.GetWebACL.changed`)
        expect(await stand.attributes(type, arn)).toMatchObject({
          DefaultAction: { Type: 'BLOCK' },
          Rules: [{ Name: 'flood' }],
        })
      })

      test('a web ACL that does not log has null there', async () => {
        stand.proxy.inject({ service, operation: 'GetLoggingConfiguration' }, gone)
        expect(await stand.attributes(type, arn)).toMatchObject({ LoggingConfiguration: null })
      })

      test('a deleted one, and one of another account or kind, is gone', async () => {
        stand.proxy.inject({ service, operation: 'GetWebACL' }, gone)
        expect(await stand.fetch(type, arn)).toEqual({ status: 'gone' })
        stand.proxy.clear()
        expect(await stand.fetch(type, arn.replace(one, two))).toEqual({ status: 'gone' })
        expect(await stand.fetch(type, arn.replace(/:waf[^/]*:/, ':wafv2:eu-west-1:'))).toEqual({ status: 'gone' })
        expect(await stand.fetch(type, 'nonsense')).toEqual({ status: 'gone' })
      })

      test('a rule that vanished while it was read is tried again later', async () => {
        stand.proxy.inject({ service, operation: 'GetRule' }, gone)
        await expect(stand.fetch(type, arn)).rejects.toMatchObject({ code: 'unavailable', retryable: true })
      })

      test.each([
        'GetWebACL',
        'GetLoggingConfiguration',
        'ListTagsForResource',
        'GetRule',
        'GetRateBasedRule',
        'GetRuleGroup',
        ...(region === 'global' ? [] : ['ListResourcesForWebACL']),
      ])('one whose %s is denied is unknown', async (operation) => {
        stand.proxy.inject({ service, operation }, denied)
        await expect(stand.fetch(type, arn)).rejects.toMatchObject({ name: 'InventoryError', code: 'access-denied' })
      })

      test('lists page by page, and goes on where it was left', async () => {
        const page = (WebACLId: string, NextMarker?: string) =>
          stand.proxy.inject(
            { service, operation: 'ListWebACLs' },
            {
              kind: 'text',
              status: 200,
              type: 'application/x-amz-json-1.1',
              body: JSON.stringify({ WebACLs: [{ WebACLId, Name: 'x' }], NextMarker }),
            },
            1,
          )
        const of = (name: string): string => arn.replace(id, name)
        page('b')
        page('a', 'after-a')
        expect(await stand.list(type)).toEqual([of('a'), of('b')])
        page('b')
        const scope = { accountId: one, region, type }
        const rest = await Array.fromAsync(stand.inventory.list(scope, 'after-a', AbortSignal.timeout(10_000)))
        expect(rest).toEqual([{ ids: [of('b')], next: null }])
        expect(stand.proxy.seen.at(-1)?.body).toContain('after-a')
      })

      test('a region without the service has none; that the account-wide one does not answer is an error', async () => {
        stand.proxy.inject({ service, operation: 'ListWebACLs' }, { kind: 'error', code: 'ENOTFOUND', status: 400 })
        const listed = await stand.list(type).catch((error: unknown) => (error as Error).name)
        expect(listed).toEqual(region === 'global' ? 'InventoryError' : [])
      })

      test('the documented permissions are the calls that listing and fetching make', async () => {
        const [listed = ''] = await stand.list(type)
        await stand.attributes(type, listed)
        // Of load balancers.
        const documented = documentedActions([service]).filter((action) => !action.endsWith(':GetWebACLForResource'))
        expect(neededActions(stand.proxy, [service])).toEqual(documented)
      })
    })
  },
)
