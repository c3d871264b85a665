import { describe, expect, test } from 'vitest'
import { decode } from '#ingest'
import { indicatorsOf, pantherFields, type AuditEvent } from '#model'
import { aRecord } from '../support/records.ts'

const account = '111122223333'

function eventOf(record: Record<string, unknown>): AuditEvent {
  const [read] = decode(JSON.stringify(record), { accounts: null, regions: null, times: 'any' }).events
  if (read === undefined) throw new Error('refused')
  return read.event
}

describe('pantherFields', () => {
  test('says of a CloudTrail record what it names: addresses, ARNs, accounts, machines, users', () => {
    const event = eventOf(
      aRecord({
        account,
        source: 'ec2.amazonaws.com',
        name: 'ModifyInstanceAttribute',
        id: 'e-1',
        time: new Date('2026-11-21T10:20:30Z'),
        request: { instanceId: 'i-0123456789abcdef0', role: 'arn:aws:iam::444455556666:role/app', contact: 'ann@example.com' },
      }),
    )
    const { p_any_trace_ids: traces = [], ...fields } = pantherFields(event, new Date('2026-11-21T10:21:00.500Z'))
    expect(traces).toContain('e-1')
    expect(fields).toEqual({
      p_log_type: 'AWS.CloudTrail',
      p_row_id: 'e-1',
      p_event_time: '2026-11-21 10:20:30.000',
      p_parse_time: '2026-11-21 10:21:00.500',
      p_any_actor_ids: ['AIDAEXAMPLE'],
      p_any_aws_account_ids: ['111122223333', '444455556666'],
      p_any_aws_arns: ['arn:aws:iam::111122223333:user/mallory', 'arn:aws:iam::444455556666:role/app'],
      p_any_aws_instance_ids: ['i-0123456789abcdef0'],
      p_any_emails: ['ann@example.com'],
      p_any_ip_addresses: ['198.51.100.7'],
      p_any_usernames: ['ann', 'mallory'],
    })
  })

  test('takes a service that calls for a name and no address', () => {
    const record = aRecord({
      account,
      source: 'kms.amazonaws.com',
      name: 'Decrypt',
      extra: { sourceIPAddress: 'ecs.amazonaws.com' },
    })
    const { p_any_domain_names: domains, p_any_ip_addresses: addresses } = pantherFields(eventOf(record))
    expect([domains, addresses]).toEqual([['ecs.amazonaws.com'], undefined])
  })

  test('takes what a schema found as it is', () => {
    const event = {
      ...eventOf(aRecord({ account, source: 'kms.amazonaws.com', name: 'Decrypt' })),
      indicators: { p_any_usernames: ['x'] },
    }
    const { p_any_usernames: users, p_any_ip_addresses: addresses } = pantherFields(event)
    expect([users, addresses]).toEqual([['x'], undefined])
  })

  test('looks through a record that is made to be large in a moment, and keeps little of it', () => {
    const many = Array.from({ length: 20_000 }, (_, index) => `arn:aws:s3:::bucket-${index}`)
    const event = { ...eventOf(aRecord({ account, source: 'kms.amazonaws.com', name: 'Decrypt' })), record: { many } }
    const begun = performance.now()
    expect(pantherFields(event).p_any_aws_arns).toHaveLength(100)
    expect(performance.now() - begun).toBeLessThan(500)
  })
})

test('each kind of indicator goes where Panther puts it', () => {
  expect(
    indicatorsOf([
      ['ip', '10.0.0.1'],
      ['ip', '-'],
      ['ip', '10.0.0.256'],
      ['ip', '1.2.3'],
      ['ip', '10:20:30'],
      ['ip', '1:2:3:4:5:6:7:8'],
      ['ip', '::'],
      ['ip', '2001:db8:::3'],
      ['hostname', 'db.example.com'],
      ['hostname', '2001:db8::1'],
      ['net_addr', '10.0.0.2:443'],
      ['net_addr', '[2001:db8::2]:443'],
      ['net_addr', 'web.example.com:80'],
      ['url', 'https://user:secret@shop.example.com:8443/path?x=1'],
      ['url', 'no address'],
      ['username', ' ann '],
      ['username', 'ann'],
      ['md5', 'd41d8cd98f00b204e9800998ecf8427e'],
      ['aws_arn', 'arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0'],
      ['trace_id', 'x'.repeat(2_049)],
    ]),
  ).toEqual({
    p_any_aws_account_ids: ['111122223333'],
    p_any_aws_arns: ['arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0'],
    p_any_aws_instance_ids: ['i-0123456789abcdef0'],
    p_any_domain_names: ['db.example.com', 'shop.example.com', 'web.example.com'],
    p_any_ip_addresses: ['10.0.0.1', '10.0.0.2', '1:2:3:4:5:6:7:8', '2001:db8::1', '2001:db8::2', '::'],
    p_any_md5_hashes: ['d41d8cd98f00b204e9800998ecf8427e'],
    p_any_usernames: ['ann'],
  })
})
