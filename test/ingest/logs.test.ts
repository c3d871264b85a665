import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decode, readFiles, readLogSchemas, type Carried, type LogSchema, type Trust } from '#ingest'
import { pantherFields } from '#model'
import { timeReader } from '../../services/ingest/logs/time-formats.ts'
import { createLineSplitter } from '../../services/ingest/split-lines.ts'

const account = '111122223333'
const shipped = await readLogSchemas(['services/ingest/schemas'])
const fixture = (name: string): string => new URL(`../fixtures/logs/${name}`, import.meta.url).pathname
const trusting = (schemas: readonly LogSchema[]): Trust => ({ accounts: null, regions: null, times: 'any', schemas })
const trust = trusting(shipped)

let folder: string
let made = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tripline-schemas-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function schema(yaml: string): Promise<readonly LogSchema[]> {
  made += 1
  const file = join(folder, `${made}.yml`)
  await writeFile(file, yaml)
  return readLogSchemas([file])
}
const time = '- {name: at, type: timestamp, timeFormats: [rfc3339, unix], isEventTime: true}'
/** Reads one body by a schema of these fields. */
async function read(fields: string, body: string, head = '') {
  const schemas = await schema(`schema: Acme.Shop\n${head}\nfields:\n  ${time}\n  ${fields}\n`)
  return decode(body, trusting(schemas), { logType: 'Acme.Shop', accountId: account })
}

/** All records of a file, as `replay` reads them. */
async function recordsOf(name: string, logType: string) {
  const log = shipped.find((each) => each.name === logType) ?? null
  const decoded = []
  for await (const { body } of readFiles([fixture(name)], log)) decoded.push(decode(body, trust, { logType }))
  expect(decoded.flatMap(({ rejected }) => rejected)).toEqual([])
  return decoded.flatMap(({ events }) => events.map(({ event }) => event))
}

describe('the shipped formats', () => {
  test('VPC flow logs: columns by their header, accounts and addresses out of the record, dashes left out', async () => {
    const [ssh, , , nothing] = await recordsOf('vpc-flow.log', 'AWS.VPCFlow')
    expect(ssh).toMatchObject({
      logType: 'AWS.VPCFlow',
      name: 'VPCFlow',
      accountId: account,
      region: 'global',
      actor: { identity: 'report' },
    })
    expect(ssh?.record).toEqual({
      version: 2,
      account,
      interfaceId: 'eni-1235b8ca123456789',
      srcAddr: '172.31.16.139',
      dstAddr: '172.31.16.21',
      srcPort: 20_641,
      dstPort: 22,
      protocol: 6,
      packets: 20,
      bytes: 4_249,
      start: '2014-12-14 04:06:50.000',
      end: '2014-12-14 04:07:50.000',
      action: 'ACCEPT',
      status: 'OK',
    })
    expect(ssh && pantherFields(ssh)).toMatchObject({
      p_log_type: 'AWS.VPCFlow',
      p_event_time: '2014-12-14 04:06:50.000',
      p_any_ip_addresses: ['172.31.16.139', '172.31.16.21'],
      p_any_aws_account_ids: [account],
    })
    expect(nothing?.record).toMatchObject({ status: 'NODATA' })
    expect(nothing?.record).not.toHaveProperty('srcAddr')
  })

  test('VPC flow logs without a header are of version 2; one with other columns says which', () => {
    const carried = { logType: 'AWS.VPCFlow', region: 'eu-west-1' }
    const line = `2 ${account} eni-1 10.0.0.1 203.0.113.1 443 50000 6 1 52 1795000000 1795000060 ACCEPT OK`
    const [plain] = decode(line, trust, carried).events
    expect(plain?.event).toMatchObject({ region: 'eu-west-1', record: { dstAddr: '203.0.113.1' } })
    const [custom] = decode(
      'start srcaddr flow-direction account-id future-column\n1795000000 10.0.0.1 egress 111122223333 x',
      trust,
      carried,
    ).events
    expect(custom?.event.record).toMatchObject({ srcAddr: '10.0.0.1', flowDirection: 'egress', 'future-column': 'x' })
    const { rejected } = decode('2 111122223333 eni-1', trust, carried)
    expect(rejected).toMatchObject([
      { reason: 'schema-mismatch', detail: expect.stringMatching(/3 columns; allowed: 14, version account-id/u) as string },
    ])
  })

  test('S3 access logs: brackets and quotes, also those that a caller put into its own words', async () => {
    const [own, stranger] = await recordsOf('s3-access.log', 'AWS.S3ServerAccess')
    expect(own?.record).toMatchObject({
      operation: 'REST.GET.VERSIONING',
      httpstatus: 200,
      tlsVersion: 'TLSV1.2',
      time: '2019-02-06 00:00:38.000',
    })
    expect(own?.record['additionalFields']).toEqual(['arn:aws:s3:us-west-1:123456789012:accesspoint/example-AP', 'Yes'])
    expect(stranger?.record).toMatchObject({ key: 'exports/2019.csv', useragent: 'curl/7.61 "odd"', objectsize: 52_301 })
    expect(stranger?.record).not.toHaveProperty('requester')
    const { rejected } = decode('owner bucket [06/Feb/2019:00:00:38', trust, { logType: 'AWS.S3ServerAccess' })
    expect(rejected[0]?.detail).toMatch(/a \[ that does not end/u)
  })

  test('EKS audit, alone and as CloudWatch Logs hands it to a subscriber', async () => {
    const [exec] = await recordsOf('eks-audit.json', 'Amazon.EKS.Audit')
    expect(exec && pantherFields(exec)).toMatchObject({
      p_any_usernames: ['kubernetes-admin'],
      p_any_ip_addresses: ['198.51.100.7'],
      p_event_time: '2026-11-20 09:15:04.912',
    })
    const messages = (await readFile(fixture('eks-audit.json'), 'utf8')).trim().split('\n')
    const logEvents = messages.map((message, id) => ({ id: String(id), timestamp: 1, message }))
    const body = { messageType: 'DATA_MESSAGE', owner: account, logGroup: '/aws/eks/prod/cluster', logEvents }
    const { events } = decode(JSON.stringify(body), trust, { logType: 'Amazon.EKS.Audit' })
    expect(events.map(({ record, event: { accountId, record: own } }) => [record, accountId, own['verb']])).toEqual([
      [0, account, 'create'],
      [1, account, 'list'],
    ])
    const test = { messageType: 'CONTROL_MESSAGE', owner: 'CloudwatchLogs', logEvents: [{ id: '', timestamp: 1, message: 'test' }] }
    expect(decode(JSON.stringify(test), trust, { logType: 'Amazon.EKS.Audit' })).toEqual({ events: [], rejected: [] })
  })
})

describe('a declared format', () => {
  test('an event has an id of what it says, its account and its log, unless a field names it', async () => {
    const ids = async (fields: string, ...bodies: readonly string[]) => {
      const decoded = await Promise.all(bodies.map((body) => read(fields, body)))
      return decoded.map(({ events }) => events[0]?.event.id)
    }
    const [one, same, other] = await ids(
      '- {name: x, type: json}',
      '{"at":1,"x":{"a":1,"b":2}}',
      '{"x":{"b":2,"a":1},"at":1}',
      '{"at":2,"x":1}',
    )
    expect(one).toBe(same)
    expect(other).not.toBe(one)
    const [first, again] = await ids(
      '- {name: id, type: string, isEventId: true}',
      '{"at":1,"id":"7"}',
      '{"at":1,"id":"7","seen":2}',
    )
    expect(first).toBe(again)
  })

  test.each([
    ['- {name: n, type: bigint}', '{"at":1,"n":"x"}', 'Acme.Shop: n: given "x"; allowed: a whole number'],
    ['- {name: n, type: smallint}', '{"at":1,"n":40000}', 'Acme.Shop: n: given 40000; allowed: a whole number of 16 bits'],
    ['- {name: n, type: boolean}', '{"at":1,"n":"yes"}', 'Acme.Shop: n: given "yes"; allowed: true or false'],
    [
      '- {name: n, type: string, required: true}',
      '{"at":1}',
      'Acme.Shop: n: given nothing; allowed: a value, since it is required',
    ],
    ['- {name: n, type: string, validate: {allow: [a, b]}}', '{"at":1,"n":"c"}', 'Acme.Shop: n: given "c"; allowed: a, b'],
    [
      '- {name: n, type: array, element: {type: object, fields: [{name: m, type: float}]}}',
      '{"at":1,"n":[{},{"m":"x"}]}',
      'Acme.Shop: n[1].m: given "x"; allowed: a number',
    ],
    ['- {name: n, type: json}', '{"at":"soon"}', 'Acme.Shop: at: given "soon"; allowed: a time as rfc3339 or unix'],
    [
      '- {name: n, type: json}',
      '{"n":1}',
      'Acme.Shop: the event’s time: given nothing; allowed: a field that is declared as isEventTime',
    ],
    ['- {name: n, type: json}', '7', 'a record of Acme.Shop: given 7; allowed: an object'],
  ])('a record that does not fit says where, what was given and what is allowed: %s', async (fields, body, detail) => {
    expect(await read(fields, body)).toEqual({ events: [], rejected: [{ record: 0, reason: 'schema-mismatch', detail }] })
  })

  test('of several records the others are read, and what no field declares is kept', async () => {
    const { events, rejected } = await read(
      '- {name: n, type: bigint, rename: {from: N}}',
      '[{"at":1,"N":"7","more":true},{"at":1,"N":"x"}]',
    )
    expect(events.map(({ event }) => event.record)).toEqual([{ at: '1970-01-01 00:00:01.000', n: 7, more: true }])
    expect(rejected.map(({ record }) => record)).toEqual([1])
  })

  test.each<[string, string, object]>([
    [
      'parser: {csv: {delimiter: ",", columns: [at, user, text], emptyValues: ["-"], trimSpace: true}}',
      '1, ann ,"said ""no"", twice"',
      { user: 'ann', text: 'said "no", twice' },
    ],
    ['parser: {csv: {delimiter: "|", hasHeader: true}}', 'at|user\n1|ann', { user: 'ann' }],
    [
      'parser: {fastmatch: {match: ["%{at} [%{level}] %{}: %{text}"], expandFields: {both: "%{level}/%{text}"}}}',
      '1 [warn] x: it: broke',
      { level: 'warn', text: 'it: broke', both: 'warn/it: broke' },
    ],
    [
      'parser: {regex: {match: ["(?P<at>\\\\d+) ", "%{NOTSPACE:user} %{CODE:code}$"], patternDefinitions: {CODE: "[A-Z]{2}"}}}',
      '1 ann OK',
      { user: 'ann', code: 'OK' },
    ],
  ])('text is read by %s', async (parser, line, expected) => {
    const { events, rejected } = await read('- {name: user, type: string}', line, parser)
    expect(rejected).toEqual([])
    expect(events[0]?.event.record).toMatchObject(expected)
  })

  test('a line that no pattern fits, and one that is made to take long, end at once', async () => {
    const parser = 'parser: {regex: {match: ["(?P<at>\\\\d+) (?P<user>[a-z]+ [a-z]+)$"]}}'
    const begun = performance.now()
    const { rejected } = await read('- {name: user, type: string}', `1 ${'a'.repeat(100_000)}!`, parser)
    expect(rejected[0]?.detail).toMatch(/more than 16384 letters$/u)
    expect((await read('- {name: user, type: string}', 'no time', parser)).rejected[0]?.detail).toMatch(
      /: the pattern does not fit$/u,
    )
    expect(performance.now() - begun).toBeLessThan(1_000)
  })

  test('a line of blanks, over which four captures could go back and forth for hours, ends at once', async () => {
    const parser = 'parser: {regex: {match: ["%{DATA:at} %{DATA:user} %{DATA:code} %{DATA:rest} end$"]}}'
    const begun = performance.now()
    const { rejected } = await read('- {name: user, type: string}', `x${' '.repeat(16_000)}x`, parser)
    expect(rejected[0]?.detail).toMatch(/the pattern does not fit$/u)
    expect(performance.now() - begun).toBeLessThan(1_000)
  })

  test('columns and fields that do harm in JavaScript have another name', async () => {
    const { events } = await read(
      '- {name: user, type: string}',
      'at,__proto__,user\n1,polluted,ann',
      'parser: {csv: {delimiter: ",", hasHeader: true}}',
    )
    expect(Object.keys(events[0]?.event.record ?? {}).toSorted()).toEqual(['___proto__', 'at', 'user'])
  })

  test('whose it is says the record, the object or the only account; a stranger is refused', async () => {
    const schemas = await schema(`schema: Acme.Shop\nfields:\n  ${time}\n  - {name: owner, type: string, isAccountId: true}\n`)
    const given: Trust = { accounts: [account, '444455556666'], regions: null, times: 'any', schemas }
    const by = (body: string, carried: Partial<Carried>) => {
      const { events, rejected } = decode(body, given, { logType: 'Acme.Shop', ...carried })
      return events[0]?.event.accountId ?? rejected[0]?.detail
    }
    expect(by('{"at":1,"owner":"444455556666"}', { accountId: account })).toBe('444455556666')
    expect(by('{"at":1}', { accountId: account })).toBe(account)
    expect(by('{"at":1}', {})).toMatch(
      /the account of Acme.Shop: given nothing; allowed: a record, object key or source that names one account/u,
    )
    expect(by('{"at":1,"owner":"999900001111"}', { accountId: account })).toMatch(
      /given "999900001111"; allowed: a registered account/u,
    )
    expect(decode('{}', given, { logType: 'Acme.Other' }).rejected).toMatchObject([{ reason: 'unknown-log-type' }])
  })
})

describe('a schema that cannot be used is named with its place', () => {
  test.each([
    ['schema: Acme.Shop\nfields:\n  - {name: a, type: text}', /:3:\d+: fields.0.type: given "text"; allowed: string, int/u],
    [
      'schema: Acme.Shop\nfields:\n  - {name: a, type: string}',
      /:2:1: fields: given .*; allowed: fields of which one is a timestamp with isEventTime: true/u,
    ],
    [`schema: AWS.CloudTrail\nfields:\n  ${time}`, /:1:1: schema: given "AWS.CloudTrail"; allowed: a name of its own/u],
    [
      `schema: Acme.Shop\nfields:\n  ${time}\n  - {name: a, type: object}`,
      /:4:\d+: fields.1.fields: given nothing; allowed: the fields of the object/u,
    ],
    [
      `schema: Acme.Shop\nfields:\n  ${time}\n  - {name: a, type: string, concat: {}}`,
      /:4:\d+: fields.1.concat: given \{\}; allowed: nothing, since it is not supported/u,
    ],
    [
      `schema: Acme.Shop\nfields:\n  ${time}\n  - {name: a, type: string, indicators: [ips]}`,
      /:4:\d+: fields.1.indicators.0: given "ips"; allowed: actor_id, aws_account_id/u,
    ],
    [
      `schema: Acme.Shop\nfields:\n  ${time}\n  - {name: a, type: timestamp, timeFormats: ['%Q']}`,
      /:4:\d+: fields.1.timeFormats.0: given "%Q"; allowed: rfc3339, unix/u,
    ],
    [
      `schema: Acme.Shop\nparser: {native: {name: AWS.ALB}}\nfields:\n  ${time}`,
      /:2:\d+: parser.native.name: given "AWS.ALB"; allowed: AWS.VPCFlow, AWS.S3ServerAccess/u,
    ],
    [
      `schema: Acme.Shop\nparser: {regex: {match: ['(?=a)b']}}\nfields:\n  ${time}`,
      /:2:\d+: parser.regex.match: given .*; allowed: what takes no longer than its line is long/u,
    ],
    [
      `schema: Acme.Shop\nparser: {regex: {match: ['\\p{L}+']}}\nfields:\n  ${time}`,
      /:2:\d+: parser.regex.match: given .*; allowed: letters without/u,
    ],
    [
      `schema: Acme.Shop\nparser: {fastmatch: {match: ['%{a}%{b}']}}\nfields:\n  ${time}`,
      /:2:\d+: parser.fastmatch.match.0: .*; allowed: text with %\{field\}, and something between two of them/u,
    ],
    [
      `schema: Acme.Shop\nfields:\n  ${time}\n  - {name: a, type: ref, target: b}`,
      /target: given b; allowed: none, there are no definitions/u,
    ],
    [
      `schema: Acme.Shop\ndefinitions: {b: {type: array, element: {type: ref, target: b}}}\nfields:\n  ${time}\n  - {name: a, type: ref, target: b}`,
      /nested deeper than 20, or leads to itself/u,
    ],
  ])('%s', async (yaml, words) => {
    await expect(schema(yaml)).rejects.toThrow(words)
  })
})

test.each([
  ['rfc3339', '2026-11-21T10:00:00.5+02:00', '2026-11-21T08:00:00.500Z'],
  ['unix', 1_795_000_000, '2026-11-18T11:06:40.000Z'],
  ['unix_ms', '1795000000123', '2026-11-18T11:06:40.123Z'],
  ['unix_auto', 1_795_000_000_123_456, '2026-11-18T11:06:40.123Z'],
  ['%d/%b/%Y:%H:%M:%S %z', '06/Feb/2019:00:00:38 -0130', '2019-02-06T01:30:38.000Z'],
  ['%Y-%m-%d %I:%M:%S.%f %p', '2026-11-21 12:05:06.789 AM', '2026-11-21T00:05:06.789Z'],
  ['%F %T', '2026-13-21 10:00:00', null],
  ['rfc3339', 'yesterday', null],
])('a time as %s: %s', (format, given, expected) => {
  const ms = timeReader(format)?.(given) ?? Number.NaN
  expect(Number.isNaN(ms) ? null : new Date(ms).toISOString()).toBe(expected)
})

test('lines are cut wherever the pieces end; what is too long is kept as a beginning', () => {
  const splitter = createLineSplitter({ isHeader: (line) => line === 'h', maxLetters: 10 })
  const found = [...splitter.push('h\r\na'), ...splitter.push('b\n\nc'), ...splitter.push('x'.repeat(50)), ...splitter.end()]
  expect(found).toEqual(['h\nab', `h\nc${'x'.repeat(10)}`])
})
