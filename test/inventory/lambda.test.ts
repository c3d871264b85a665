import * as iam from '@aws-sdk/client-iam'
import * as aws from '@aws-sdk/client-lambda'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { diff } from '#model'
import { needMoto } from '../support/moto.ts'
import { touched } from '../support/touched.ts'
import { documentedActions, neededActions } from './access.ts'
import { deviations, gaps, shapes } from './conforms.ts'
import { readExample } from './examples.ts'
import { one, openStand, two, type Stand } from './stand.ts'
import { trust } from './world.ts'

const type = 'AWS.Lambda.Function'
const arn = (name: string): string => `arn:aws:lambda:eu-west-1:${one}:function:${name}`

test('the example of a function is complete', () => {
  expect(deviations(shapes[type], readExample(type))).toEqual([])
  expect(gaps(readExample(type))).toEqual([])
})

describe.runIf(needMoto('functions on moto'))('functions on moto', { timeout: 30_000 }, () => {
  let stand: Stand
  let lambda: aws.LambdaClient
  let role: string

  beforeAll(async () => {
    stand = await openStand()
    const options = await stand.options(one)
    lambda = new aws.LambdaClient(options)
    const roles = new iam.IAMClient(options)
    const { Role } = await roles.send(new iam.CreateRoleCommand({ RoleName: 'runs', AssumeRolePolicyDocument: trust }))
    role = Role?.Arn ?? ''
    // moto takes its time over the first call to a service and of an account.
    for (const each of [one, two]) await new aws.LambdaClient(await stand.options(each)).send(new aws.ListFunctionsCommand({}))
  }, 120_000)
  afterEach(() => stand.proxy.clear())
  afterAll(() => stand[Symbol.asyncDispose]())

  async function create(FunctionName: string, more: Partial<aws.CreateFunctionCommandInput> = {}): Promise<void> {
    const base = {
      FunctionName,
      Role: role,
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Code: { ZipFile: Buffer.from('code') },
    } as const
    await lambda.send(new aws.CreateFunctionCommand({ ...base, ...more }))
  }

  test('a bare function has neither policy nor address', async () => {
    await create('bare')
    const attributes = await stand.attributes(type, arn('bare'))
    expect(attributes).toMatchObject({
      Name: 'bare',
      Role: role,
      Runtime: 'nodejs22.x',
      Policy: null,
      FunctionUrlConfig: null,
      Tags: null,
    })
  })

  test('who may call it and where shows, and so does each change', async () => {
    await create('open', { Tags: { team: 'pay' } })
    const before = await stand.attributes(type, arn('open'))
    const permission = { FunctionName: 'open', StatementId: 'all', Action: 'lambda:InvokeFunctionUrl', Principal: '*' }
    await lambda.send(new aws.AddPermissionCommand(permission))
    await lambda.send(
      new aws.CreateFunctionUrlConfigCommand({ FunctionName: 'open', AuthType: 'NONE', Cors: { AllowOrigins: ['*'] } }),
    )
    const after = await stand.attributes(type, arn('open'))
    expect(after).toMatchObject({
      Tags: { team: 'pay' },
      Policy: { Policy: expect.stringContaining('"Principal": "*"') },
      FunctionUrlConfig: { AuthType: 'NONE', Cors: { AllowOrigins: ['*'] } },
    })
    expect(diff(before, after).map(({ path }) => path)).toEqual(expect.arrayContaining(['FunctionUrlConfig', 'Policy']))
  })

  test('what an environment variable holds is never kept, only that it is there', async () => {
    await create('secretive', { Environment: { Variables: { DATABASE_PASSWORD: 'hunter2' } } })
    const attributes = await stand.attributes(type, arn('secretive'))
    expect(attributes).toMatchObject({ Environment: { Variables: { DATABASE_PASSWORD: '***' } } })
    expect(JSON.stringify(attributes)).not.toContain('hunter2')
  })

  test('the name in an event leads to the function, whatever version of the API is written behind the call', async () => {
    await create('told')
    const call = { name: 'UpdateFunctionConfiguration20150331v2', region: 'eu-west-1', request: { functionName: 'told' } }
    const [touch] = touched('lambda', call)
    expect(await stand.attributes(type, touch?.ref.id ?? '')).toMatchObject({ ResourceId: arn('told') })
  })

  test('one function is read without listing the others', async () => {
    await create('alone')
    stand.proxy.clear()
    await stand.attributes(type, arn('alone'))
    expect(neededActions(stand.proxy, ['lambda'])).not.toContain('lambda:ListFunctions')
  })

  test('a deleted function is gone, as is one of another account, and what is no function', async () => {
    await create('short-lived')
    const gone = { status: 'gone' }
    expect(await stand.fetch(type, arn('short-lived'), two)).toEqual(gone)
    expect(await stand.fetch(type, arn('short-lived').replace(one, two))).toEqual(gone)
    expect(await stand.fetch(type, 'short-lived')).toEqual(gone)
    await lambda.send(new aws.DeleteFunctionCommand({ FunctionName: 'short-lived' }))
    expect(await stand.fetch(type, arn('short-lived'))).toEqual(gone)
  })

  test('only the functions of the account are listed', async () => {
    await create('listed')
    expect(await stand.list(type)).toContain(arn('listed'))
    expect(await stand.list(type, two)).toEqual([])
  })

  test.each(['GetFunctionConfiguration', 'ListTags', 'GetPolicy', 'GetFunctionUrlConfig'])(
    'a function whose %s is denied is unknown',
    async (operation) => {
      await create(`denied-${operation}`)
      stand.proxy.inject({ operation }, { kind: 'error', code: 'AccessDeniedException', status: 403 })
      await expect(stand.fetch(type, arn(`denied-${operation}`))).rejects.toMatchObject({ code: 'access-denied', retryable: false })
    },
  )

  test('the documented permissions are what listing and reading need', async () => {
    await create('needs')
    stand.proxy.clear()
    await stand.list(type)
    await stand.attributes(type, arn('needs'))
    expect(neededActions(stand.proxy, ['lambda'])).toEqual(documentedActions(['lambda']))
  })
})
