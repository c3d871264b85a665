import * as ssm from '@aws-sdk/client-ssm'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { needMoto } from '../support/moto.ts'
import { documentedActions, neededActions } from './access.ts'
import { deviations, gaps, shapes } from './conforms.ts'
import { readExample } from './examples.ts'
import { one, openStand, two, type Stand } from './stand.ts'

const type = 'AWS.SSM.Document'
const content = (run: string): string =>
  JSON.stringify({
    schemaVersion: '2.2',
    description: 'a test',
    parameters: { wait: { type: 'String', description: 'seconds', default: '30' } },
    mainSteps: [{ action: 'aws:runShellScript', name: 'run', inputs: { runCommand: [run] } }],
  })

test('the example is complete', () => {
  expect(deviations(shapes[type], readExample(type))).toEqual([])
  expect(gaps(readExample(type))).toEqual([])
})

describe.runIf(needMoto('SSM documents against moto'))('SSM documents against moto', { timeout: 60_000 }, () => {
  let stand: Stand
  let client: ssm.SSMClient

  beforeAll(async () => {
    stand = await openStand()
    client = new ssm.SSMClient(await stand.options(one))
    // A service is imported on its first call, by us and by moto.
    await stand.list(type)
  }, 120_000)
  afterEach(() => stand.proxy.clear())
  afterAll(() => stand[Symbol.asyncDispose]())

  async function create(name: string, of = client): Promise<string> {
    const command = new ssm.CreateDocumentCommand({
      Name: name,
      Content: content('date'),
      DocumentType: 'Command',
      Tags: [{ Key: 'team', Value: 'shop' }],
    })
    await of.send(command)
    return `arn:aws:ssm:eu-west-1:${of === client ? one : two}:document/${name}`
  }

  test('a document shows what it is and the hash of its content, and not the content', async () => {
    const id = await create('Restart')
    const attributes = await stand.attributes(type, id)
    expect(attributes).toMatchObject({
      Id: 'Restart',
      Name: 'Restart',
      Owner: one,
      Tags: { team: 'shop' },
      TimeCreated: expect.any(String),
      AccountIds: null,
      DefaultVersion: '1',
      DocumentType: 'Command',
      Hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      HashType: 'Sha256',
      Parameters: [{ Name: 'wait', Type: 'String', DefaultValue: '30', Description: 'seconds' }],
    })
    expect(JSON.stringify(attributes)).not.toContain('runShellScript')
  })

  test('shows whom it is shared with: everybody, too', async () => {
    const id = await create('Shared')
    const share = (AccountIdsToAdd: string[]) =>
      client.send(new ssm.ModifyDocumentPermissionCommand({ Name: 'Shared', PermissionType: 'Share', AccountIdsToAdd }))
    await share([two])
    expect(await stand.attributes(type, id)).toMatchObject({ AccountIds: [two] })
    stand.proxy.inject(
      { operation: 'DescribeDocumentPermission' },
      { kind: 'text', status: 200, type: 'application/x-amz-json-1.1', body: '{"AccountIds":["all"],"AccountSharingInfoList":[]}' },
    )
    expect(await stand.attributes(type, id)).toMatchObject({ AccountIds: ['all'], AccountSharingInfoList: null })
  })

  test('reads on when the list of accounts has more pages', async () => {
    const id = await create('Widely')
    const page = (body: object, times?: number) =>
      stand.proxy.inject(
        { operation: 'DescribeDocumentPermission' },
        { kind: 'text', status: 200, type: 'application/x-amz-json-1.1', body: JSON.stringify(body) },
        times,
      )
    page({ AccountIds: ['333333333333'] })
    page({ AccountIds: [two], NextToken: 'more' }, 1)
    expect(await stand.attributes(type, id)).toMatchObject({ AccountIds: [two, '333333333333'] })
  })

  test('another version and another default show', async () => {
    const id = await create('Versions')
    const { DocumentDescription } = await client.send(
      new ssm.UpdateDocumentCommand({ Name: 'Versions', Content: content('uptime'), DocumentVersion: '$LATEST' }),
    )
    const before = await stand.attributes(type, id)
    expect(before).toMatchObject({ LatestVersion: '2', DefaultVersion: '1' })
    await client.send(new ssm.UpdateDocumentDefaultVersionCommand({ Name: 'Versions', DocumentVersion: '2' }))
    const after = await stand.attributes(type, id)
    expect(after).toMatchObject({ DefaultVersion: '2', Hash: DocumentDescription?.Hash })
    expect(after['Hash']).not.toBe(before['Hash'])
  })

  test('a deleted document, and one of another account, is gone', async () => {
    const id = await create('Short')
    await client.send(new ssm.DeleteDocumentCommand({ Name: 'Short' }))
    expect(await stand.fetch(type, id)).toEqual({ status: 'gone' })
    const other = await create('OfTwo', new ssm.SSMClient(await stand.options(two)))
    expect(await stand.fetch(type, other)).toEqual({ status: 'gone' })
    expect(await stand.fetch(type, 'nonsense')).toEqual({ status: 'gone' })
  })

  test("a document of AWS's own is not ours", async () => {
    const body = JSON.stringify({ Document: { Name: 'AWS-RunShellScript', Owner: 'Amazon' } })
    stand.proxy.inject({ operation: 'DescribeDocument' }, { kind: 'text', status: 200, type: 'application/x-amz-json-1.1', body })
    expect(await stand.fetch(type, `arn:aws:ssm:eu-west-1:${one}:document/AWS-RunShellScript`)).toEqual({ status: 'gone' })
  })

  test('lists the own documents of one account and region', async () => {
    const id = await create('Listed')
    const ids = await stand.list(type)
    expect(ids).toContain(id)
    expect(ids.filter((each) => each.includes('document/AWS-'))).toEqual([])
    expect(await stand.list(type, two)).not.toContain(id)
    expect(await stand.list(type, one, 'us-east-1')).not.toContain(id)
  })

  test.each(['DescribeDocument', 'DescribeDocumentPermission', 'ListTagsForResource'])(
    'one whose %s is denied is unknown',
    async (operation) => {
      const id = await create(`Denied-${operation}`)
      stand.proxy.inject({ service: 'ssm', operation }, { kind: 'error', code: 'AccessDeniedException', status: 400 })
      await expect(stand.fetch(type, id)).rejects.toMatchObject({ name: 'InventoryError', code: 'access-denied' })
    },
  )

  test('the documented permissions are the calls that listing and fetching make', async () => {
    await stand.attributes(type, await create('Permitted'))
    await stand.list(type)
    expect(neededActions(stand.proxy, ['ssm'])).toEqual(documentedActions(['ssm']))
  })
})
