import type { Repository } from '@aws-sdk/client-ecr'
import type { Session } from '#aws'
import { InventoryError, unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, idPages, must, pascal, resourceOf, together } from '../reading.ts'
import { ecrRepositoryShape } from '../shapes/ecr-repository.ts'

const type = 'AWS.ECR.Repository'

/** `arn:aws:ecr:{region}:{accountId}:repository/{name}`, read in one round of calls; never its images. */
export const ecrRepository: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  async *list(session, token) {
    const { paginateDescribeRepositories } = await import('@aws-sdk/client-ecr')
    const pages = paginateDescribeRepositories({ client: await session.client('ecr'), pageSize: 1_000, ...after(token) }, {})
    yield* idPages(
      pages,
      ({ repositories }) => repositories?.map(({ repositoryArn }) => must(repositoryArn, 'repositoryArn')),
      ({ nextToken }) => nextToken,
    )
  },
  async fetch(session, ref) {
    const name = resourceOf(session, 'ecr', ref.id, 'repository/')
    const found = name === null ? null : await together(describe(session, name), readParts(session, ref.id, name))
    if (found === null) return { status: 'gone' }
    const [repository, { lifecycle, policy, scanning, tags }] = found
    const attributes = ecrRepositoryShape.parse({
      ...(pascal(repository) as object),
      AccountId: session.accountId,
      Region: session.region,
      ResourceId: repository.repositoryArn,
      ResourceType: type,
      Tags: tags.tags,
      TimeCreated: repository.createdAt,
      Arn: repository.repositoryArn,
      Id: repository.repositoryArn,
      Name: repository.repositoryName,
      LifecyclePolicyText: lifecycle?.lifecyclePolicyText,
      PolicyText: policy?.policyText,
      ScanningConfiguration: pascal(scanning),
    })
    return { status: 'present', attributes }
  },
}

async function describe(session: Session, name: string): Promise<Repository | null> {
  const { DescribeRepositoriesCommand } = await import('@aws-sdk/client-ecr')
  const ecr = await session.client('ecr')
  const command = new DescribeRepositoriesCommand({ repositoryNames: [name] })
  return (await unless(ecr.send(command), 'RepositoryNotFound'))?.repositories?.[0] ?? null
}

async function readParts(session: Session, resourceArn: string, repositoryName: string) {
  const aws = await import('@aws-sdk/client-ecr')
  const ecr = await session.client('ecr')
  const [lifecycle, policy, scanning, tags] = await Promise.all([
    unless(ecr.send(new aws.GetLifecyclePolicyCommand({ repositoryName })), 'LifecyclePolicyNotFound'),
    unless(ecr.send(new aws.GetRepositoryPolicyCommand({ repositoryName })), 'RepositoryPolicyNotFound'),
    ecr.send(new aws.BatchGetRepositoryScanningConfigurationCommand({ repositoryNames: [repositoryName] })),
    ecr.send(new aws.ListTagsForResourceCommand({ resourceArn })),
  ])
  const found = scanning.scanningConfigurations?.[0]
  if (found !== undefined) return { lifecycle, policy, scanning: found, tags }
  throw new InventoryError('unavailable', `scanning of ${repositoryName}: AWS does not know the repository yet`, {
    retryable: true,
  })
}
