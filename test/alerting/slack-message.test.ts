import { describe, expect, it } from 'vitest'
import { endedAlert, repeatedAlert, slackMessage, terminalMessage, type SlackMessage } from '#alerting'
import type { AlertContent, Difference, Ended, Json } from '#model'
import { controls, refusal } from '../../services/processes/demo/slack-rules.ts'
import { aCause, aFinding, aFindingAlert, anOutgoing, aPlace } from '../support/alerts.ts'

const said = (content: AlertContent, uncertain = false): SlackMessage =>
  slackMessage(anOutgoing({ content, uncertain, sentAt: new Date('2026-11-21T14:02:05.400Z') }))
/** What went over the wire, as plain JSON. */
const wire = (message: SlackMessage): { text: string; blocks: Json[]; attachments: Json[] } =>
  JSON.parse(JSON.stringify(message)) as { text: string; blocks: Json[]; attachments: Json[] }
const seen = (content: AlertContent): string => terminalMessage(wire(said(content)))

const grant = (uri: string): Json => ({
  Grantee: { Type: 'Group', URI: `http://acs.amazonaws.com/groups/global/${uri}` },
  Permission: 'READ',
})
const publicGrant: Difference = { path: 'Grants', before: null, after: grant('AllUsers') }

describe('a new finding', () => {
  it('says what, where, who, from where and with what, when, before and after, why, and what to do', () => {
    expect(seen(aFindingAlert({ differences: [publicGrant] })).split('\n')).toEqual([
      '🔴 Bucket ledger is publicly readable',
      'CRITICAL · new',
      '• What: S3 Bucket ledger arn:aws:s3:::ledger open in AWS <https://console.aws.amazon.com/s3/buckets/ledger?region=eu-west-1>',
      '• Where: payments-prod (prod, 111122223333) · eu-west-1',
      'What changed',
      '• Grants: nothing → READ for everyone (AllUsers)',
      '• Who: alice (IAM user) arn:aws:iam::111122223333:user/alice',
      '• From: 203.0.113.7 with aws-cli 2.15.30',
      '• When: 2026-11-21 14:02:03 UTC, s3 PutBucketAcl · told 2.4 s later',
      '• Owner: payments · team payments owns account payments-prod',
      '▌ Why it matters: Anybody on the internet can read what is in it.',
      '▌ Runbook: https://runbooks.example.com/s3-public',
      '▌ policy AWS.S3.BucketPublicRead',
    ])
  })

  it('carries its delivery in the metadata and a line for notifications', () => {
    const message = said(aFindingAlert())
    expect(message.metadata).toEqual({ event_type: 'tripline_delivery', event_payload: { delivery_id: 'd-1' } })
    expect(message.text).toBe(
      '🔴 CRITICAL: Bucket ledger is publicly readable · ledger in payments-prod · by alice, PutBucketAcl with aws-cli 2.15.30 · team payments',
    )
  })

  it('of a rule needs no resource and shows what the rule added', () => {
    const place = aPlace({ resourceType: null, resourceId: null, resourceName: null, region: 'us-east-1' })
    const text = seen(aFindingAlert({ place, context: { mfa: 'No', empty: null, ports: [22, 80] } }))
    expect(text).not.toContain('What:')
    expect(text).toContain('Details\n• mfa: No\n• ports: [22,80]')
  })

  it('of a rule shows the values that came most often as letters, whatever they say', () => {
    const values = ['<!channel>', '<https://evil.example|x>\u202E', 'x'.repeat(200)].map((value, index) => ({
      value,
      count: 9 - index,
    }))
    const summary = [
      { path: 'userIdentity.arn', values, others: 4 },
      { path: '<!here>', values: [{ value: '@here\n*b*', count: 1 }], others: 0 },
    ]
    const content = aFindingAlert({ summary, count: 9 })
    expect(seen(content)).toContain(
      `Most frequent\n• userIdentity.arn: <!channel> ×9, <https://evil.example|x>‹U+202E› ×8, ${'x'.repeat(59)}… ×7, others ×4\n• <!here>: @here *b* ×1\n`,
    )
    const { text, blocks, attachments } = wire(said(content))
    expect(refusal(blocks, attachments)).toBeNull()
    expect(controls(text, blocks, attachments).filter((each) => !each.includes('console.aws'))).toEqual([
      'https://runbooks.example.com/s3-public',
    ])
  })

  it('of a rule shows no more of them than a message has room for', () => {
    const values = Array.from({ length: 5 }, (_, index) => ({ value: `${index}`.repeat(200), count: 1 }))
    const summary = Array.from({ length: 10 }, (_, index) => ({ path: `${index}`.repeat(200), values, others: 1 }))
    const context = Object.fromEntries(summary.map(({ path }) => [path, 'x'.repeat(5_000)]))
    const long = 'y'.repeat(10_000)
    const { blocks, attachments } = wire(said(aFindingAlert({ summary, context, why: long, runbook: long, title: long })))
    expect(refusal(blocks, attachments)).toBeNull()
    expect(JSON.stringify(blocks)).toContain('Most frequent')
  })

  it('that no change caused says how it was found', () => {
    expect(seen(aFindingAlert({ cause: null, origin: 'detection' }))).toContain(
      'When: found by a new detection, 2026-11-21 14:02:05 UTC',
    )
  })
})

const terraform = { kind: 'terraform', name: 'Terraform', version: '1.9.2', providerVersion: null, byHand: false } as const

describe('later news of a finding', () => {
  it('repeats are counted', () => {
    expect(seen(repeatedAlert(aFindingAlert(), aFinding({ count: 5 })))).toContain('CRITICAL · repeated ×5')
  })

  const ended = (given: Partial<Ended> = {}) =>
    endedAlert(aFindingAlert(), { how: 'fixed', at: '2026-11-21T18:30:00Z', cause: null, ...given })

  it('resolved is green and says when, by whom and with what', () => {
    const actor = { name: 'bob', tool: terraform }
    const content = ended({ cause: aCause({ name: 'DeleteBucketPolicy', time: '2026-11-21T18:29:58Z', actor }) })
    expect(seen(content)).toContain(
      '✅ Resolved: Bucket ledger is publicly readable\nResolved · 2026-11-21 18:30:00 UTC · by bob, DeleteBucketPolicy with Terraform 1.9.2 (was CRITICAL)',
    )
    expect(said(content).attachments[0]?.color).toBe('#2eb67d')
    expect(said(content).text).toBe(
      '✅ Resolved: Bucket ledger is publicly readable · ledger in payments-prod · by bob, DeleteBucketPolicy with Terraform 1.9.2 · team payments',
    )
  })

  it('what is taken back soon is called reverted, after how long and by whom', () => {
    const cause = aCause({ name: 'DeleteBucketPolicy', time: '2026-11-21T14:02:43Z', actor: { name: 'bob', tool: terraform } })
    expect(seen(ended({ cause }))).toContain('Reverted after 40 s · 2026-11-21 18:30:00 UTC · by bob, DeleteBucketPolicy')
    const late = { ...cause, time: '2026-11-21T14:17:04Z' }
    expect(seen(ended({ cause: late }))).toContain('\nResolved · ')
  })

  it('resolved without an event says so', () => {
    expect(seen(ended())).toContain('no event says by whom')
  })

  it('superseded says what is wrong instead and is not called resolved', () => {
    const content = ended({ how: 'superseded', cause: aCause(), instead: 'Bucket ledger is publicly writable <!channel>' })
    expect(seen(content)).toContain('➡️ Superseded: Bucket ledger')
    expect(seen(content)).toContain('now: Bucket ledger is publicly writable <!channel> (was CRITICAL)')
    expect(said(content).attachments[0]?.color).not.toBe('#2eb67d')
    expect(controls(said(content).text, wire(said(content)).blocks, [])).toEqual([expect.stringContaining('console.aws')])
  })

  it('a gone resource and a removed detection are not called resolved', () => {
    expect(seen(ended({ how: 'gone', cause: aCause() }))).toContain('✅ Resource gone: ')
    const retired = ended({ how: 'retired' })
    expect(seen(retired)).toContain('⚪ Retired: ')
    expect(seen(retired)).toContain('its detection was removed or looks at it no more')
    expect(said(retired).attachments[0]?.color).not.toBe('#2eb67d')
  })

  it('an alert that cannot be worded is told by its title', () => {
    const broken = { ...aFindingAlert({ title: 'Bucket <!channel> is open' }), place: null } as unknown as AlertContent
    expect(said(broken)).toMatchObject({ text: 'Bucket &lt;!channel&gt; is open', blocks: [], attachments: [] })
    expect(said(broken).metadata.event_payload.delivery_id).toBe('d-1')
  })

  it('a message that may be there twice says so', () => {
    const message = wire(said(aFindingAlert(), true))
    expect(message.text).toMatch(/^Possible repeat: /u)
    expect(terminalMessage(message)).toContain('Possible repeat: an earlier try had no answer')
  })
})

const rule = (port: number, ...cidrs: string[]): Json => ({
  IpProtocol: 'tcp',
  FromPort: port,
  ToPort: port,
  IpRanges: cidrs.map((CidrIp) => ({ CidrIp, Description: null })),
  Ipv6Ranges: null,
})

const changes = (...differences: Difference[]): string[] => {
  const rows = seen(aFindingAlert({ differences })).split('\n')
  const from = rows.indexOf('What changed') + 1
  return rows.slice(
    from,
    rows.findIndex((row, index) => (index >= from && !row.startsWith('•')) || row.startsWith('• Who: ')),
  )
}

describe('before and after', () => {
  it('a security group rule reads as one', () => {
    expect(changes({ path: 'IpPermissions', before: null, after: rule(22, '0.0.0.0/0') })).toEqual([
      '• Inbound rules: nothing → tcp 22 from 0.0.0.0/0',
    ])
  })

  it('an address added beside others on the same port is the only thing said', () => {
    expect(
      changes(
        { path: 'IpPermissions', before: rule(22, '10.0.0.0/8'), after: null },
        { path: 'IpPermissions', before: null, after: rule(22, '10.0.0.0/8', '0.0.0.0/0') },
      ),
    ).toEqual(['• Inbound rules: nothing → tcp 22 from 0.0.0.0/0'])
  })

  it('all traffic, ranges and other groups have words', () => {
    const all = { IpProtocol: '-1', FromPort: null, ToPort: null, Ipv6Ranges: [{ CidrIpv6: '::/0' }] }
    const range = { IpProtocol: 'udp', FromPort: 8_000, ToPort: 9_000, UserIdGroupPairs: [{ GroupId: 'sg-1' }] }
    expect(changes({ path: 'IpPermissionsEgress', before: all, after: range })).toEqual([
      '• Outbound rules: all traffic to ::/0 → udp 8000-9000 to sg-1',
    ])
  })

  it('a policy statement reads as a sentence, also when the whole policy is new', () => {
    const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::ledger/*', Principal: '*' }
    const words = 'Allow s3:GetObject on arn:aws:s3:::ledger/* to everyone'
    expect(changes({ path: 'Policy', before: null, after: { Version: '2012-10-17', Statement: [statement] } })).toEqual([
      `• Policy: nothing → ${words}`,
    ])
    expect(changes({ path: 'Policy.Statement', before: statement, after: null })).toEqual([`• Policy: ${words} → nothing`])
  })

  it('anything else is its name and its two values', () => {
    expect(changes({ path: 'PublicAccessBlock.BlockPublicAcls', before: true, after: false })).toEqual([
      '• Public access block, Block public ACLs: on → off',
    ])
    expect(changes({ path: 'ManagedPolicyNames', before: null, after: 'AdministratorAccess' })).toEqual([
      '• Managed policies: nothing → AdministratorAccess',
    ])
  })

  it('differences that do not matter are counted, with the command that shows them', () => {
    const alert = aFindingAlert({ differences: [publicGrant], otherDifferences: 3, essential: true })
    expect(seen(alert)).toContain('• 3 that make no difference here: tripline resource arn:aws:s3:::ledger\n• Who')
  })

  it('many changes are cut, and the rest is counted', () => {
    const many = Array.from({ length: 40 }, (_, index) => ({
      path: `P${index}`,
      before: 'a'.repeat(5_000),
      after: 'b'.repeat(5_000),
    }))
    expect(changes(...many).at(-1)).toMatch(/^• \d+ more: tripline resource arn:aws:s3:::ledger$/u)
  })
})

describe('summaries and notes', () => {
  it('a summary counts, and names the critical ones', () => {
    const text = seen({
      kind: 'summary',
      origin: 'baseline',
      total: 3,
      bySeverity: { CRITICAL: 1, LOW: 2 },
      byDetection: [
        { displayName: 'Public bucket', severity: 'CRITICAL', count: 1 },
        { displayName: 'No rotation', severity: 'LOW', count: 2 },
      ],
      critical: [{ title: 'Bucket ledger is public', place: aPlace() }],
    })
    expect(text).toContain('🔴 First look: 3 findings\n🔴 1 critical · 🔵 2 low\n• 🔴 1 × Public bucket\n• 🔵 2 × No rotation\n')
    expect(text).toContain('Critical\n• Bucket ledger is public in payments-prod eu-west-1 ledger')
  })

  it('a summary says how to read the rest, in words that a shell takes as they are', () => {
    const content = {
      kind: 'summary',
      origin: 'baseline',
      total: 1,
      bySeverity: { LOW: 1 },
      byDetection: [],
      critical: [],
    } as const
    const to = { destination: 'slack', channel: 'C1', because: 'a test' }
    const told = (team: string | null) => terminalMessage(wire(slackMessage(anOutgoing({ content, to: { ...to, team } }))))
    expect(told('payments')).toContain('Read them all: tripline findings --team payments')
    expect(told('$(reboot)')).toMatch(/Read them all: tripline findings$/u)
    expect(told(null)).toMatch(/Read them all: tripline findings$/u)
  })

  it('a note has its title and its text', () => {
    expect(seen({ kind: 'note', title: 'Channel x is gone', text: 'Its alerts come here.' })).toContain(
      '⚠️ Channel x is gone\nIts alerts come here.',
    )
  })
})

const hostile: Readonly<Record<string, string>> = {
  'Slack markup': '<!channel> <!here> <@U1> <#C1> <https://evil.example|click me> &lt;!channel&gt;',
  'bidi and zero-width characters': '\u202Egnp.exe \u200Bzero\uFEFF \u2066isolate\u2069',
  'terminal commands': '\u001B[31mred\u001B[0m \u0007bell \u001B]8;;https://evil.example\u0007link\u001B]8;;\u0007',
  'lone surrogates': 'lone \uD83D surrogate \uDE00 and 😀',
  'thousands of emoji': '😀'.repeat(6_000),
  'thousands of signs that grow when escaped': '&<>'.repeat(4_000),
  'ten thousand letters': 'x'.repeat(10_000),
  'thousands of invisible characters': '\u200B'.repeat(10_000),
  'line ends': '\n\n\n \n# not a title\n',
  nothing: '',
  'a space': ' ',
}

// oxlint-disable-next-line no-control-regex -- control characters must not be there
const commands = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/u

const everywhere = (text: string): AlertContent[] => {
  const alert = aFindingAlert({
    title: text,
    why: text,
    runbook: text,
    reference: text,
    detection: { id: text, kind: 'rule', displayName: text },
    place: aPlace({
      accountName: text,
      accountLabel: text,
      region: text,
      resourceId: text,
      resourceName: text,
      resourceType: text,
    }),
    cause: aCause({
      name: text,
      source: text,
      time: text,
      actor: {
        kind: text,
        name: text,
        arn: text,
        sourceAddress: text,
        tool: { ...terraform, name: text, version: text },
        via: [text, text],
      },
    }),
    differences: Array.from({ length: 30 }, (_, index) => ({ path: `${text}${index}`, before: text, after: { [text]: text } })),
  })
  const places = Array.from({ length: 20 }, () => ({ title: text, place: alert.place }))
  const byDetection = Array.from({ length: 40 }, () => ({ displayName: text, severity: 'HIGH' as const, count: 1 }))
  return [
    alert,
    {
      ...alert,
      differences: [],
      context: Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`${index}${text}`, text])),
    },
    endedAlert(alert, { how: 'fixed', at: '2026-11-21T14:30:00Z', cause: alert.cause }),
    { kind: 'summary', origin: 'time', total: 40, bySeverity: { CRITICAL: 20, HIGH: 40 }, byDetection, critical: places },
    { kind: 'note', title: text, text },
  ]
}

describe('hostile text', () => {
  it.each(Object.entries(hostile))('%s is taken by Slack and shows as letters', (_, text) => {
    for (const content of everywhere(text)) {
      const { text: line, blocks, attachments } = wire(said(content, true))
      expect(refusal(blocks, attachments)).toBeNull()
      expect(controls(line, blocks, attachments)).toEqual([])
      expect(JSON.stringify([blocks, attachments]).length).toBeLessThan(40_000)
      for (const each of [line, ...textsOf([blocks, attachments])]) {
        expect(each.isWellFormed()).toBe(true)
        expect(each).not.toMatch(/[\u202A-\u202E\u2066-\u2069\u200B\uFEFF]/u)
        expect(each).not.toMatch(commands)
      }
      expect(lengthOf([...blocks, ...attachments])).toBeLessThanOrEqual(12_000)
      // A terminal obeys what Slack only shows.
      expect(terminalMessage({ text: line, blocks, attachments })).not.toMatch(commands)
    }
  })

  it('nothing hides: what cannot be seen is named', () => {
    expect(seen(aFindingAlert({ title: 'a\u202Eb\u200Bc\u001B[31m' }))).toContain('a‹U+202E›b‹U+200B›c‹U+001B›[31m')
  })

  it('letters that mean something to Slack are read back as they were', () => {
    expect(seen(aFindingAlert({ title: '<!channel> & <@U1>' })).split('\n')[0]).toBe('🔴 <!channel> & <@U1>')
  })

  it.each([
    'javascript:alert(1)',
    'https://user:pass@evil.example/',
    'see https://evil.example',
    'https://evil.example/ <!channel>',
    'http://[',
    `https://evil.example/${'x'.repeat(3_000)}`,
  ])('the runbook %j is text, not a link', (runbook) => {
    const { text, blocks, attachments } = wire(said(aFindingAlert({ runbook })))
    const links = controls(text, blocks, attachments)
    expect(links).toEqual(['https://console.aws.amazon.com/s3/buckets/ledger?region=eu-west-1'])
  })

  it('a runbook address cannot break out of its link', () => {
    const { text, blocks, attachments } = wire(said(aFindingAlert({ runbook: 'https://r.example/a|b<c>' })))
    expect(controls(text, blocks, attachments)).toContain('https://r.example/a%7Cb%3Cc%3E')
  })
})

const pageOf = (resourceType: string, resourceId: string, region = 'eu-west-1'): string | undefined => {
  const message = wire(said(aFindingAlert({ place: aPlace({ resourceType, resourceId, region }), runbook: null })))
  return controls(message.text, message.blocks, message.attachments)[0]
}

describe('the page in AWS', () => {
  it.each([
    [
      'AWS.EC2.SecurityGroup',
      'arn:aws:ec2:eu-west-1:111122223333:security-group/sg-0a1',
      'eu-west-1',
      'https://eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1#SecurityGroup:groupId=sg-0a1',
    ],
    [
      'AWS.EC2.VPC',
      'arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-1',
      'eu-west-1',
      'https://eu-west-1.console.aws.amazon.com/vpcconsole/home?region=eu-west-1#VpcDetails:VpcId=vpc-1',
    ],
    [
      'AWS.IAM.User',
      'arn:aws:iam::111122223333:user/ops/a+b@c',
      'global',
      'https://console.aws.amazon.com/iam/home#/users/details/a%2Bb%40c',
    ],
    [
      'AWS.IAM.Role',
      'arn:aws:iam::111122223333:role/deploy',
      'global',
      'https://console.aws.amazon.com/iam/home#/roles/details/deploy',
    ],
    [
      'AWS.KMS.Key',
      'arn:aws-us-gov:kms:us-gov-west-1:1:key/ab-1',
      'us-gov-west-1',
      'https://us-gov-west-1.console.amazonaws-us-gov.com/kms/home?region=us-gov-west-1#/kms/keys/ab-1',
    ],
    [
      'AWS.CloudTrail',
      'arn:aws:cloudtrail:us-east-1:1:trail/main',
      'us-east-1',
      'https://us-east-1.console.aws.amazon.com/cloudtrailv2/home?region=us-east-1#/trails/arn%3Aaws%3Acloudtrail%3Aus-east-1%3A1%3Atrail%2Fmain',
    ],
  ])('of %s is linked', (type, id, region, url) => {
    expect(pageOf(type, id, region)).toBe(url)
  })

  it.each([
    ['AWS.Unknown', 'arn:aws:x:::y', 'eu-west-1'],
    ['AWS.S3.Bucket', 'arn:aws:s3:::a|b', 'eu-west-1'],
    ['AWS.S3.Bucket', 'not an arn', 'eu-west-1'],
    ['AWS.S3.Bucket', 'arn:aws:s3:::ledger', 'evil.example/'],
    ['AWS.S3.Bucket', 'arn:aws-evil:s3:::ledger', 'eu-west-1'],
  ])('of %s %s in %s is not', (type, id, region) => {
    expect(pageOf(type, id, region)).toBeUndefined()
  })
})

function textsOf(value: Json): readonly string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap((each: Json) => textsOf(each)) : []
}

/** What Slack counts: the texts of the blocks. */
function lengthOf(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0
  return Object.entries(value).reduce((sum, [key, each]: [string, Json]) => {
    return sum + (typeof each === 'string' ? (key === 'text' ? each.length : 0) : lengthOf(each))
  }, 0)
}
