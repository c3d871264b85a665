import * as acm from '@aws-sdk/client-acm'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { needMoto } from '../support/moto.ts'
import { documentedActions, neededActions } from './access.ts'
import { deviations, gaps, shapes } from './conforms.ts'
import { readExample } from './examples.ts'
import { one, openStand, two, type Stand } from './stand.ts'

const type = 'AWS.ACM.Certificate'

test('the example is complete', () => {
  expect(deviations(shapes[type], readExample(type))).toEqual([])
  expect(gaps(readExample(type))).toEqual([])
})

describe.runIf(needMoto('certificates against moto'))('certificates against moto', { timeout: 60_000 }, () => {
  let stand: Stand
  let client: acm.ACMClient

  beforeAll(async () => {
    stand = await openStand()
    client = new acm.ACMClient(await stand.options(one))
    // A service is imported on its first call, by us and by moto.
    await stand.list(type)
  }, 120_000)
  afterEach(() => stand.proxy.clear())
  afterAll(() => stand[Symbol.asyncDispose]())

  async function request(domain: string, KeyAlgorithm: acm.KeyAlgorithm = 'RSA_2048'): Promise<string> {
    const command = new acm.RequestCertificateCommand({
      DomainName: domain,
      SubjectAlternativeNames: [`www.${domain}`],
      ValidationMethod: 'DNS',
      KeyAlgorithm,
      Tags: [{ Key: 'team', Value: 'shop' }],
    })
    return (await client.send(command)).CertificateArn ?? ''
  }

  test('a certificate shows its domains, its state and its tags', async () => {
    const id = await request('a.example.com')
    expect(await stand.attributes(type, id)).toMatchObject({
      Name: 'a.example.com',
      CertificateArn: id,
      Region: 'eu-west-1',
      Tags: { team: 'shop' },
      TimeCreated: expect.any(String),
      SubjectAlternativeNames: expect.arrayContaining(['a.example.com', 'www.a.example.com']),
      Options: { CertificateTransparencyLoggingPreference: 'ENABLED' },
      Type: 'AMAZON_ISSUED',
    })
  })

  test('a change of tags shows', async () => {
    const id = await request('b.example.com')
    await client.send(new acm.AddTagsToCertificateCommand({ CertificateArn: id, Tags: [{ Key: 'stage', Value: 'prod' }] }))
    expect(await stand.attributes(type, id)).toMatchObject({ Tags: { team: 'shop', stage: 'prod' } })
  })

  test('a deleted certificate is gone', async () => {
    const id = await request('c.example.com')
    await client.send(new acm.DeleteCertificateCommand({ CertificateArn: id }))
    expect(await stand.fetch(type, id)).toEqual({ status: 'gone' })
  })

  test('lists the certificates of one account and region, and asks for those of every key', async () => {
    const id = await request('d.example.com')
    expect(await stand.list(type)).toContain(id)
    expect(await stand.list(type, one, 'us-east-1')).toEqual([])
    expect(await stand.list(type, two)).toEqual([])
    expect(stand.proxy.seen.findLast(({ operation }) => operation === 'ListCertificates')?.body).toContain('EC_prime256v1')
  })

  test.each(['DescribeCertificate', 'ListTagsForCertificate'])('one whose %s is denied is unknown', async (operation) => {
    const id = await request('e.example.com')
    stand.proxy.inject({ operation }, { kind: 'error', code: 'AccessDeniedException', status: 400 })
    await expect(stand.fetch(type, id)).rejects.toMatchObject({ name: 'InventoryError', code: 'access-denied' })
  })

  test('an id that is none is told, and is not gone', async () => {
    stand.proxy.inject({ operation: 'DescribeCertificate' }, { kind: 'error', code: 'ValidationException', status: 400 })
    await expect(stand.fetch(type, 'nonsense')).rejects.toMatchObject({ name: 'InventoryError' })
  })

  test('the documented permissions are the calls that listing and fetching make', async () => {
    await stand.attributes(type, await request('f.example.com'))
    await stand.list(type)
    expect(neededActions(stand.proxy, ['acm'])).toEqual(documentedActions(['acm']))
  })
})
