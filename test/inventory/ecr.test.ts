import { readFileSync } from 'node:fs'
import * as ecr from '@aws-sdk/client-ecr'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { textAt } from '#model'
import { needMoto } from '../support/moto.ts'
import { documentedActions, neededActions } from './access.ts'
import { deviations, shapes } from './conforms.ts'
import { one, openStand, two, type Stand } from './stand.ts'

const type = 'AWS.ECR.Repository'
const policyText = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Sid: 'pull', Effect: 'Allow', Principal: '*', Action: ['ecr:BatchGetImage'] }],
})
const lifecyclePolicyText = JSON.stringify({
  rules: [
    {
      rulePriority: 1,
      selection: { tagStatus: 'untagged', countType: 'imageCountMoreThan', countNumber: 3 },
      action: { type: 'expire' },
    },
  ],
})

test('the example of a repository has every field', () => {
  const file = new URL(`../fixtures/resources/${type}.json`, import.meta.url)
  expect(deviations(shapes[type], JSON.parse(readFileSync(file, 'utf8')))).toEqual([])
})

describe.runIf(needMoto('repositories against moto'))('repositories against moto', { timeout: 30_000 }, () => {
  let stand: Stand
  let client: ecr.ECRClient

  beforeAll(async () => {
    stand = await openStand()
    client = new ecr.ECRClient(await stand.options(one))
    // moto's first calls take their time.
    const first = [one, two].map(async (account) => new ecr.ECRClient(await stand.options(account)))
    await Promise.all(first.map(async (each) => (await each).send(new ecr.DescribeRepositoriesCommand({}))))
  }, 60_000)
  afterEach(() => stand.proxy.clear())
  afterAll(() => stand[Symbol.asyncDispose]())

  async function make(repositoryName: string): Promise<string> {
    const command = new ecr.CreateRepositoryCommand({ repositoryName, tags: [{ Key: 'team', Value: 'shop' }] })
    return (await client.send(command)).repository?.repositoryArn ?? ''
  }

  test('a repository shows its settings, and null where nothing was ever set', async () => {
    const id = await make('shop/plain')
    expect(await stand.attributes(type, id)).toMatchObject({
      Name: 'shop/plain',
      RepositoryName: 'shop/plain',
      RegistryId: one,
      TimeCreated: expect.any(String),
      Tags: { team: 'shop' },
      ImageTagMutability: 'MUTABLE',
      ImageScanningConfiguration: { ScanOnPush: false },
      EncryptionConfiguration: { EncryptionType: 'AES256', KmsKey: null },
      PolicyText: null,
      LifecyclePolicyText: null,
      ScanningConfiguration: { ScanOnPush: false, ScanFrequency: 'MANUAL', AppliedScanFilters: null },
    })
  })

  test('changes of policies, scanning and tags show', async () => {
    const id = await make('changed')
    const repositoryName = 'changed'
    await client.send(new ecr.SetRepositoryPolicyCommand({ repositoryName, policyText }))
    await client.send(new ecr.PutLifecyclePolicyCommand({ repositoryName, lifecyclePolicyText }))
    await client.send(new ecr.PutImageTagMutabilityCommand({ repositoryName, imageTagMutability: 'IMMUTABLE' }))
    await client.send(
      new ecr.PutImageScanningConfigurationCommand({ repositoryName, imageScanningConfiguration: { scanOnPush: true } }),
    )
    await client.send(new ecr.UntagResourceCommand({ resourceArn: id, tagKeys: ['team'] }))
    const attributes = await stand.attributes(type, id)
    expect(attributes).toMatchObject({
      ImageTagMutability: 'IMMUTABLE',
      ImageScanningConfiguration: { ScanOnPush: true },
      Tags: null,
    })
    expect(JSON.parse(textAt(attributes, 'PolicyText') ?? '')).toEqual(JSON.parse(policyText))
    expect(JSON.parse(textAt(attributes, 'LifecyclePolicyText') ?? '')).toEqual(JSON.parse(lifecyclePolicyText))
  })

  test('is listed in its account and region only, and gone once it is deleted', async () => {
    const id = await make('short-lived')
    expect(await stand.list(type)).toContain(id)
    expect(await stand.list(type, one, 'us-east-1')).toEqual([])
    expect(await stand.list(type, two)).toEqual([])
    expect(await stand.fetch(type, id, two)).toEqual({ status: 'gone' })
    await client.send(new ecr.DeleteRepositoryCommand({ repositoryName: 'short-lived' }))
    expect(await stand.fetch(type, id)).toEqual({ status: 'gone' })
  })

  test('a repository of another account is gone here, though there is one of its name', async () => {
    await stand.quiet()
    const id = await make('namesake')
    expect(await stand.fetch(type, id.replace(one, two))).toEqual({ status: 'gone' })
    expect(await stand.fetch(type, 'nonsense')).toEqual({ status: 'gone' })
    expect(stand.proxy.seen).toEqual([])
  })

  test('one whose scanning AWS does not know yet is asked for again', async () => {
    const id = await make('young')
    const failures = [{ repositoryName: 'young', failureCode: 'REPOSITORY_NOT_FOUND' }]
    stand.proxy.inject(
      { operation: 'BatchGetRepositoryScanningConfiguration' },
      { kind: 'rewrite', change: () => JSON.stringify({ scanningConfigurations: [], failures }) },
    )
    await expect(stand.fetch(type, id)).rejects.toMatchObject({ name: 'InventoryError', code: 'unavailable', retryable: true })
  })

  test.each([
    'DescribeRepositories',
    'GetRepositoryPolicy',
    'GetLifecyclePolicy',
    'BatchGetRepositoryScanningConfiguration',
    'ListTagsForResource',
  ])('one whose %s is denied is unknown', async (operation) => {
    const id = await make(`denied-${operation.toLowerCase()}`)
    stand.proxy.inject({ operation }, { kind: 'error', code: 'AccessDeniedException', status: 400 })
    await expect(stand.fetch(type, id)).rejects.toMatchObject({ name: 'InventoryError', code: 'access-denied' })
  })

  test('the documented permissions are the calls that listing and fetching make', async () => {
    await stand.attributes(type, await make('permitted'))
    await stand.list(type)
    expect(neededActions(stand.proxy, ['ecr'])).toEqual(documentedActions(['ecr']))
  })
})
