import { unless } from '../error.ts'
import type { Session } from '#aws'
import type { Fetcher } from '../fetcher.ts'
import { after, idPages, must, resourceOf, together } from '../reading.ts'
import { lambdaFunctionShape } from '../shapes/lambda-function.ts'

const type = 'AWS.Lambda.Function'

/**
 * `arn:{partition}:lambda:{region}:{accountId}:function:{name}`, read in one round of calls and without its code. The values of
 * environment variables are secrets and never kept: a changed value shows in `LastModified` alone.
 */
export const lambdaFunction: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  // Lambda counts its own doing as a revision too.
  volatile: ['RevisionId', 'Policy.RevisionId'],
  async *list(session, token) {
    const { paginateListFunctions } = await import('@aws-sdk/client-lambda')
    const pages = paginateListFunctions({ client: await session.client('lambda'), pageSize: 50, ...after(token) }, {})
    yield* idPages(
      pages,
      ({ Functions }) => Functions?.map(({ FunctionArn }) => must(FunctionArn, 'FunctionArn')),
      ({ NextMarker }) => NextMarker,
    )
  },
  async fetch(session, ref) {
    const name = /^function:([\w-]+)$/.exec(resourceOf(session, 'lambda', ref.id) ?? '')?.[1]
    if (name === undefined) return { status: 'gone' }
    const { GetFunctionConfigurationCommand } = await import('@aws-sdk/client-lambda')
    const lambda = await session.client('lambda')
    const get = unless(lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name })), 'ResourceNotFound')
    const found = await together(get, readParts(session, ref.id, name))
    if (found === null) return { status: 'gone' }
    const [configuration, parts] = found
    const attributes = lambdaFunctionShape.parse({
      ...configuration,
      ...parts,
      AccountId: session.accountId,
      Region: session.region,
      ResourceId: configuration.FunctionArn,
      ResourceType: type,
      Arn: configuration.FunctionArn,
      Name: configuration.FunctionName,
    })
    return { status: 'present', attributes }
  },
}

async function readParts(session: Session, Resource: string, FunctionName: string) {
  const aws = await import('@aws-sdk/client-lambda')
  const lambda = await session.client('lambda')
  const [{ Tags }, Policy, FunctionUrlConfig] = await Promise.all([
    lambda.send(new aws.ListTagsCommand({ Resource })),
    unless(lambda.send(new aws.GetPolicyCommand({ FunctionName })), 'ResourceNotFound'),
    unless(lambda.send(new aws.GetFunctionUrlConfigCommand({ FunctionName })), 'ResourceNotFound'),
  ])
  return { Tags, Policy, FunctionUrlConfig }
}
