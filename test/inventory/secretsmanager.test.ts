import { readFileSync } from 'node:fs'
import * as secrets from '@aws-sdk/client-secrets-manager'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { needMoto } from '../support/moto.ts'
import { documentedActions, neededActions } from './access.ts'
import { deviations, shapes } from './conforms.ts'
import { one, openStand, two, type Stand } from './stand.ts'

const type = 'AWS.SecretsManager.Secret'
const policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', Action: 'secretsmanager:GetSecretValue', Resource: '*' }],
})

test('the example of a secret has every field', () => {
  const file = new URL(`../fixtures/resources/${type}.json`, import.meta.url)
  expect(deviations(shapes[type], JSON.parse(readFileSync(file, 'utf8')))).toEqual([])
})

describe.runIf(needMoto('secrets against moto'))('secrets against moto', { timeout: 30_000 }, () => {
  let stand: Stand
  let client: secrets.SecretsManagerClient

  beforeAll(async () => {
    stand = await openStand()
    client = new secrets.SecretsManagerClient(await stand.options(one))
    // moto's first calls take their time.
    const first = [one, two].map(async (account) => new secrets.SecretsManagerClient(await stand.options(account)))
    await Promise.all(first.map(async (each) => (await each).send(new secrets.ListSecretsCommand({}))))
  }, 60_000)
  afterEach(() => stand.proxy.clear())
  afterAll(() => stand[Symbol.asyncDispose]())

  async function make(Name: string): Promise<string> {
    const command = new secrets.CreateSecretCommand({
      Name,
      SecretString: 'never-read-1',
      Description: 'a test',
      Tags: [{ Key: 'team', Value: 'shop' }],
    })
    return (await client.send(command)).ARN ?? ''
  }

  test('a secret shows all but its value', async () => {
    const id = await make('shop/plain')
    const attributes = await stand.attributes(type, id)
    expect(attributes).toMatchObject({
      Name: 'shop/plain',
      Description: 'a test',
      TimeCreated: expect.any(String),
      Tags: { team: 'shop' },
      ResourcePolicy: null,
      RotationEnabled: null,
      DeletedDate: null,
    })
    expect(Object.values(attributes['VersionIdsToStages'] ?? {})).toEqual([['AWSCURRENT']])
    expect(JSON.stringify(attributes)).not.toContain('never-read')
    expect(stand.proxy.seen.map(({ operation }) => operation)).not.toContain('GetSecretValue')
  })

  test('changes of policy and tags show', async () => {
    const id = await make('changed')
    await client.send(new secrets.PutResourcePolicyCommand({ SecretId: id, ResourcePolicy: policy }))
    await client.send(new secrets.UntagResourceCommand({ SecretId: id, TagKeys: ['team'] }))
    expect(await stand.attributes(type, id)).toMatchObject({ ResourcePolicy: policy, Tags: null })
  })

  test.each(['shop/by-name', 'looks-as-though'])('%s is found by the name that events know, and says its true id', async (name) => {
    const id = await make(name)
    const eventId = stand.inventory.eventId({ accountId: one, region: 'eu-west-1', type, id })
    expect(eventId).toBe(`arn:aws:secretsmanager:eu-west-1:${one}:secret:${name}-??????`)
    expect(stand.inventory.eventId({ accountId: one, region: 'eu-west-1', type, id: eventId })).toBe(eventId)
    expect(await stand.fetch(type, eventId)).toMatchObject({ status: 'present', attributes: { ResourceId: id } })
  })

  test('one that waits for its deletion is listed and shown, without the policy that AWS no longer tells', async () => {
    const id = await make('leaving')
    await client.send(new secrets.DeleteSecretCommand({ SecretId: id, RecoveryWindowInDays: 7 }))
    stand.proxy.inject({ operation: 'GetResourcePolicy' }, { kind: 'error', code: 'InvalidRequestException', status: 400 })
    expect(await stand.list(type)).toContain(id)
    expect(await stand.attributes(type, id)).toMatchObject({ DeletedDate: expect.any(String), ResourcePolicy: null })
  })

  test('the same words about a secret that stays are no answer', async () => {
    const id = await make('staying')
    stand.proxy.inject({ operation: 'GetResourcePolicy' }, { kind: 'error', code: 'InvalidRequestException', status: 400 })
    await expect(stand.fetch(type, id)).rejects.toMatchObject({ name: 'InventoryError', code: 'bad-answer' })
  })

  test('is not seen from elsewhere, and gone once it is deleted', async () => {
    const id = await make('short-lived')
    expect(await stand.list(type, one, 'us-east-1')).toEqual([])
    expect(await stand.list(type, two)).toEqual([])
    expect(await stand.fetch(type, id, two)).toEqual({ status: 'gone' })
    expect(await stand.fetch(type, id.replace(one, two))).toEqual({ status: 'gone' })
    await client.send(new secrets.DeleteSecretCommand({ SecretId: id, ForceDeleteWithoutRecovery: true }))
    expect(await stand.fetch(type, id)).toEqual({ status: 'gone' })
  })

  test.each(['DescribeSecret', 'GetResourcePolicy'])('one whose %s is denied is unknown', async (operation) => {
    const id = await make(`denied-${operation}`)
    stand.proxy.inject({ operation }, { kind: 'error', code: 'AccessDeniedException', status: 400 })
    await expect(stand.fetch(type, id)).rejects.toMatchObject({ name: 'InventoryError', code: 'access-denied' })
  })

  test('the documented permissions are the calls that listing and fetching make', async () => {
    await stand.attributes(type, await make('permitted'))
    await stand.list(type)
    expect(neededActions(stand.proxy, ['secretsmanager'])).toEqual(documentedActions(['secretsmanager']))
  })
})
