import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { readConfig } from '../../services/processes/config.ts'
import { bucketLogsOf } from '../../services/processes/sources.ts'

const root = join(import.meta.dirname, '../..')
const good = `sources:
  - sqs: { queueUrl: "https://sqs.us-east-1.amazonaws.com/111122223333/tripline" }
accounts:
  - { id: "111122223333", name: shop, regions: [us-east-1] }
aws: { externalId: abc }
fallback: C0987654321
`

async function read(text: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'tripline-config-')), 'tripline.yaml')
  await writeFile(file, text)
  return readConfig(file, {}).then(
    () => 'accepted',
    (error: unknown) => (error instanceof Error ? error.message.replaceAll(file, 'F') : String(error)),
  )
}

test('the smallest file is accepted and every default filled in', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'tripline-config-')), 'tripline.yaml')
  await writeFile(file, good)
  const config = await readConfig(file, { DATABASE_URL: 'postgres://x', SLACK_BOT_TOKEN: 't' })
  expect(config).toMatchObject({
    detections: [join(root, 'policies'), join(root, 'rules')],
    http: { port: 8080 },
    store: { url: 'postgres://x', folder: join(dirname(file), '.tripline/data') },
    slack: { token: 't' },
  })
})

test('broken YAML is named with file, line and column', async () => {
  expect(await read('accounts: [\n  {a: 1\n')).toMatch(/^F:\d+:\d+: /u)
})

test('an unknown key is named where it stands', async () => {
  expect(await read(`${good}colour: red\n`)).toMatch(/^F:7:1: unknown key `colour`/u)
  expect(await read(good.replace('externalId: abc', 'externalId: abc, extrenalId: x'))).toMatch(
    /^F:5:\d+: unknown key `extrenalId` in aws/u,
  )
})

test('a wrong value says what was given and what is allowed', async () => {
  expect(await read(good.replace('"111122223333", name', '12, name'))).toMatch(
    /^F:4:7: accounts\.0\.id: given 12; allowed: text; put it in quotes$/u,
  )
  expect(await read(good.replace('aws: { externalId: abc }\n', 'aws: { }\n'))).toMatch(/^F:5:\d+: aws\.externalId: given nothing/u)
})

test('an account listed twice and a team that owns a stranger are refused', async () => {
  const twice = good.replace(
    'regions: [us-east-1] }\n',
    'regions: [us-east-1] }\n  - { id: "111122223333", name: b, regions: [us-east-1] }\n',
  )
  expect(await read(twice)).toContain('accounts.1.id: given "111122223333"; allowed: each account once')
  expect(await read(`${good}teams:\n  - { id: a, channel: C1, owns: { accounts: ["999999999999"] } }\n`)).toContain(
    'teams.0.owns.accounts.0: given "999999999999"; allowed: accounts listed',
  )
})

test('names that nobody has are refused with their place', async () => {
  const routed = (when: string): string =>
    `${good}teams:\n  - { id: shop, channel: C1 }\nroutes:\n  - { when: ${when}, to: [C2] }\n`
  expect(await read(routed('{ teams: [shpo] }'))).toMatch(/^F:10:\d+: routes\.0\.when\.teams\.0: given "shpo"; allowed: shop$/u)
  expect(await read(routed('{ labels: [prod] }'))).toMatch(
    /^F:10:\d+: routes\.0\.when\.labels\.0: given "prod"; allowed: what is listed under `accounts\.label`, which is empty$/u,
  )
  expect(await read(`${good}teams:\n  - { id: a, channel: C1 }\n  - { id: a, channel: C2 }\n`)).toMatch(
    /^F:9:\d+: teams\.1\.id: given "a"; allowed: each team once$/u,
  )
  expect(await read(`${good}resourceTypes: [AWS.S3.Buckets]\n`)).toMatch(
    /^F:7:17: resourceTypes\.0: given "AWS\.S3\.Buckets"; allowed: a type such as AWS\.S3\.Bucket, /u,
  )
  expect(await read(`${good}detections: [nope]\n`)).toMatch(
    /^F:7:14: detections\.0: given "nope"; allowed: a folder or file that is there/u,
  )
})

test('paths in the file are relative to its folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tripline-config-'))
  await mkdir(join(folder, 'own'))
  await writeFile(join(folder, 'tripline.yaml'), `${good}detections: [shipped, own]\nstore: { folder: data }\n`)
  const config = await readConfig(join(folder, 'tripline.yaml'), {})
  expect(config.detections).toEqual([join(root, 'policies'), join(root, 'rules'), join(folder, 'own')])
  expect(config.store.folder).toBe(join(folder, 'data'))
  expect(config.followsBundles).toBe(false)
})

test('bundles are followed unless `detections` leaves them out, and may be all there is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tripline-config-'))
  const file = join(folder, 'tripline.yaml')
  await writeFile(file, good)
  expect((await readConfig(file, {})).followsBundles).toBe(true)
  await writeFile(file, `${good}detections: [bundle]\n`)
  expect(await readConfig(file, {})).toMatchObject({ detections: [], followsBundles: true })
})

test('bounds are said in words', async () => {
  const pollers = good.replace('tripline" }', 'tripline", pollers: 33 }')
  expect(await read(pollers)).toMatch(/sources\.0\.sqs\.pollers: given 33; allowed: at most 32$/u)
  expect(await read(good.replace('regions: [us-east-1]', 'regions: []'))).toMatch(
    /regions: given \[\]; allowed: at least 1 entry$/u,
  )
  expect(await read(good.replace('externalId: abc', 'externalId: a'))).toMatch(/given "a"; allowed: at least 2 characters$/u)
  expect(await read(good.replace('name: shop', 'name: [shop]'))).toMatch(/given \["shop"\]; allowed: text$/u)
  expect(await read(`${good}destinations: { "Big Name": { sns: { topic: "arn:aws:sns:eu-west-1:111122223333:t" } } }\n`)).toMatch(
    /given "Big Name"; allowed: small letters, digits and hyphens$/u,
  )
})

test('an address of the database that is none is refused and not shown', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'tripline-config-')), 'tripline.yaml')
  await writeFile(file, good)
  for (const given of ['nonsense-s3cret', 'postgres://u:s3cret@[', 'mysql://u:s3cret@db/x']) {
    const refused = await readConfig(file, { DATABASE_URL: given }).catch((error: unknown) => String(error))
    expect(refused).toContain('DATABASE_URL in the environment')
    expect(refused).not.toContain('s3cret')
  }
})

test('a missing file is named', async () => {
  await expect(readConfig('/nowhere/tripline.yaml', {})).rejects.toThrow('/nowhere/tripline.yaml: cannot be read (ENOENT)')
})

test('a route, an owner or a scope that leads nowhere is named where it stands', async () => {
  const mistakes: readonly (readonly [string, string])[] = [
    ['routes:\n  - { to: [nowhere:#x] }\n', 'F:8:12: routes.0.to.0: given "nowhere:#x"; allowed: a Slack channel'],
    [
      'routes:\n  - { when: { groups: [g] }, to: [team] }\n',
      'routes.0.when.groups.0: given "g"; allowed: what is listed under `groups`',
    ],
    ['routes:\n  - { when: { teams: [t] }, to: [team] }\n', 'routes.0.when.teams.0: given "t"'],
    ['policies: { P: { groups: [g] } }\n', 'policies.P.groups.0: given "g"'],
    ['teams:\n  - { id: a, channel: C1, owns: { groups: [g] } }\n', 'teams.0.owns.groups.0: given "g"'],
    ['teams:\n  - { id: a, channel: C1 }\n  - { id: a, channel: C2 }\n', 'teams.1.id: given "a"; allowed: each team once'],
    ['destinations: { siem: { sns: { topic: x } } }\n', 'destinations.siem'],
    ['destinations: { slack: { webhook: { url: "https://a.example" } } }\n', 'destinations.slack'],
    ['operators: [siem:x]\n', 'operators.0: given "siem:x"'],
    ['ownership: [tags, tags]\n', 'ownership: given ["tags","tags"]'],
    ['groups: { g: {} }\n', 'groups.g: given {}'],
    ['groups: { g: { attributes: [{ path: A.B }] } }\n', 'groups.g.attributes.0'],
    ['routes:\n  - { when: { hours: { timeZone: Mars } }, to: [team] }\n', 'hours.timeZone: given "Mars"'],
  ]
  for (const [text, expected] of mistakes) expect(await read(`${good}${text}`)).toContain(expected)
})

test('owners, groups, scopes, destinations and hours are read as docs/routing.md shows them', async () => {
  const routing = `
groups:
  pay: { types: [AWS.S3.Bucket], any: [{ tags: { system: 'pay*' } }, { not: { labels: [dev] } }], attributes: [{ path: A.B, above: 1 }] }
policies: { P: { groups: [pay] } }
destinations:
  siem: { webhook: { url: 'https://siem.example.com' } }
  slack-emea: { slack: { tokenSecret: x } }
  bus: { eventBridge: { bus: security } }
  pager: { sns: { topic: 'arn:aws:sns:eu-west-1:111122223333:pager' } }
teams:
  - { id: a, channel: 'slack-emea:#a', owns: { groups: [pay], ous: [Root/Prod] } }
routes:
  - { when: { hours: { timeZone: Europe/Berlin, from: '18:00', to: '08:00' }, tags: { a: b } }, to: [team, siem, bus, pager] }
operators: [siem, '#ops']
`
  expect(await read(`${good}${routing}`)).toBe('accepted')
})

const sqs = '  - sqs: { queueUrl: "https://sqs.us-east-1.amazonaws.com/111122223333/tripline" }'
const kafka = (more: string): string =>
  good.replace(sqs, `  - kafka: { brokers: ["b-1.example:9096"], topics: [cloudtrail]${more} }`)

test('a Kafka source is accepted with its group filled in, and certificates are found beside the file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tripline-config-'))
  const file = join(folder, 'tripline.yaml')
  const login = ', ssl: { caFile: ca.pem }, sasl: { mechanism: scram-sha-512, username: tripline }'
  await writeFile(file, kafka(`${login}, accountsByTopic: { cloudtrail: ["111122223333"] }`))
  const config = await readConfig(file, {})
  const sasl = { mechanism: 'scram-sha-512', username: 'tripline', passwordVariable: 'KAFKA_PASSWORD' }
  expect(config.sources).toMatchObject([{ kafka: { groupId: 'tripline', ssl: { caFile: join(folder, 'ca.pem') }, sasl } }])
})

test('a Kafka source that would show its password, or is bound to what nobody knows, is refused', async () => {
  expect(await read(kafka(', sasl: { mechanism: plain, username: a }'))).toContain('allowed: plain with ssl')
  expect(await read(kafka(', accountsByTopic: { other: ["111122223333"] }'))).toContain('allowed: one of the topics, cloudtrail')
  expect(await read(kafka(', accountsByKey: { shop: ["999999999999"] }'))).toContain('allowed: accounts listed under `accounts`')
  expect(await read(kafka(', sasl: { mechanism: plain, username: a, password: b }'))).not.toBe('accepted')
})

test('a source may carry a log that a schema declares, in the folders of `schemas` or shipped', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tripline-config-'))
  const file = join(folder, 'tripline.yaml')
  const own = 'schema: Acme.Shop\nfields: [{name: at, type: timestamp, timeFormats: [unix], isEventTime: true}]\n'
  await writeFile(join(folder, 'shop.yml'), own)
  const queue = 'queueUrl: "https://sqs.us-east-1.amazonaws.com/111122223333/tripline"'
  const log = (more: string): string => good.replace(sqs, `  - s3: { ${queue}, ${more} }`)
  await writeFile(file, `${log('logTypesByPrefix: { shop/: Acme.Shop, AWSLogs/: AWS.VPCFlow }')}schemas: [shop.yml]\n`)
  const config = await readConfig(file, {})
  expect(config.logSchemas.map(({ name }) => name)).toContain('Acme.Shop')
  const [source] = config.sources
  expect(source !== undefined && 's3' in source && bucketLogsOf(source.s3, config)).toMatchObject({
    accounts: ['111122223333'],
    byPrefix: [{ prefix: 'AWSLogs/' }, { prefix: 'shop/' }],
  })
  expect(await read(log('logType: AWS.VpcFlow'))).toContain(
    'F:2:82: sources.0.s3.logType: given "AWS.VpcFlow"; allowed: a log type that a schema declares, as AWS.VPCFlow',
  )
  expect(await read(log('logType: AWS.VPCFlow, logTypesByPrefix: { a: AWS.VPCFlow }'))).toContain(
    'allowed: this or logType, not both',
  )
  expect(await read(log('logType: AWS.VPCFlow, accounts: ["999999999999"]'))).toContain('allowed: accounts listed under `accounts`')
  expect(await read(log('accounts: ["111122223333"]'))).toContain('allowed: only with the log type that the source carries')
  expect(await read(kafka(', logTypesByTopic: { other: AWS.VPCFlow }'))).toContain('allowed: one of the topics, cloudtrail')
  expect(await read(`${good}schemas: [nowhere]\n`)).toMatch(
    /schemas: .*nowhere is not there; allowed: a folder or a file of schemas/u,
  )
})

test('aliases that would fill the memory, bytes that are no text and a second document are mistakes, not crashes', async () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x]',
    ...['b', 'c', 'd', 'e', 'f', 'g'].map((at, index) => `${at}: &${at} [${Array(8).fill(`*${'abcdef'[index]}`).join(',')}]`),
  ]
  expect(await read(`${bomb.join('\n')}\n`)).toMatch(/^F: its aliases \(\*\) cannot be followed/u)
  expect(await read(`${good}---\na: 1\n`)).toMatch(/^F:7:1: given a second document \(---\); allowed: one$/u)
  const file = join(await mkdtemp(join(tmpdir(), 'tripline-config-')), 'tripline.yaml')
  await writeFile(file, Buffer.from(`${good}# caf\xE9\n`, 'latin1'))
  await expect(readConfig(file, {})).rejects.toThrow('given bytes that are no UTF-8')
})

test('a login in an address is refused and not repeated', async () => {
  const given = `${good}destinations: { siem: { webhook: { url: "https://me:s3cret@siem.example/in" } } }\n`
  expect(await read(given)).toMatch(/^F:7:.*given .*; allowed: an address without a login in it$/u)
  expect(await read(given)).not.toContain('s3cret')
})

test('heartbeats of an account that nobody watches, and a port that no broker has, are refused', async () => {
  expect(await read(`${good}heartbeats: { regions: { "999999999999": [us-east-1] } }\n`)).toMatch(
    /allowed: accounts listed under `accounts`$/u,
  )
  const kafka = good.replace(/ {2}- sqs.*\n/u, '  - kafka: { brokers: ["b:99999"], topics: [t] }\n')
  expect(await read(kafka)).toMatch(/allowed: a port from 1 to 65535$/u)
})
