import type { Session, Sessions } from '#aws'
import { createCredentialReports } from './credential-report.ts'
import { InventoryError, toInventoryError } from './error.ts'
import type { Fetcher, Inventory } from './fetcher.ts'
import { acmCertificate } from './fetchers/acm-certificate.ts'
import { cloudformationStack } from './fetchers/cloudformation-stack.ts'
import { cloudtrailMeta } from './fetchers/cloudtrail-meta.ts'
import { cloudtrail } from './fetchers/cloudtrail.ts'
import { cloudwatchLogGroup } from './fetchers/cloudwatch-log-group.ts'
import { configRecorderMeta } from './fetchers/config-recorder-meta.ts'
import { configRecorder } from './fetchers/config-recorder.ts'
import { dynamodbTable } from './fetchers/dynamodb-table.ts'
import { ec2Ami } from './fetchers/ec2-ami.ts'
import { ec2Instance } from './fetchers/ec2-instance.ts'
import { ec2InternetGateway } from './fetchers/ec2-internet-gateway.ts'
import { ec2NatGateway } from './fetchers/ec2-nat-gateway.ts'
import { ec2NetworkAcl } from './fetchers/ec2-network-acl.ts'
import { ec2RouteTable } from './fetchers/ec2-route-table.ts'
import { ec2SecurityGroup } from './fetchers/ec2-security-group.ts'
import { ec2Snapshot } from './fetchers/ec2-snapshot.ts'
import { createEc2Volume } from './fetchers/ec2-volume.ts'
import { ec2Vpc } from './fetchers/ec2-vpc.ts'
import { ecrRepository } from './fetchers/ecr-repository.ts'
import { ecsCluster } from './fetchers/ecs-cluster.ts'
import { eksCluster } from './fetchers/eks-cluster.ts'
import { elbv2ApplicationLoadBalancer } from './fetchers/elbv2-application-load-balancer.ts'
import { guarddutyDetectorMeta } from './fetchers/guardduty-detector-meta.ts'
import { guarddutyDetector } from './fetchers/guardduty-detector.ts'
import { iamGroup } from './fetchers/iam-group.ts'
import { iamPasswordPolicy } from './fetchers/iam-password-policy.ts'
import { iamPolicy } from './fetchers/iam-policy.ts'
import { iamRole } from './fetchers/iam-role.ts'
import { createIamRootUser } from './fetchers/iam-root-user.ts'
import { createIamUser } from './fetchers/iam-user.ts'
import { kmsKey } from './fetchers/kms-key.ts'
import { lambdaFunction } from './fetchers/lambda-function.ts'
import { rdsCluster } from './fetchers/rds-cluster.ts'
import { rdsInstance } from './fetchers/rds-instance.ts'
import { rdsSnapshot } from './fetchers/rds-snapshot.ts'
import { redshiftCluster } from './fetchers/redshift-cluster.ts'
import { s3Bucket } from './fetchers/s3-bucket.ts'
import { secretsmanagerSecret } from './fetchers/secretsmanager-secret.ts'
import { snsTopic } from './fetchers/sns-topic.ts'
import { sqsQueue } from './fetchers/sqs-queue.ts'
import { ssmDocument } from './fetchers/ssm-document.ts'
import { wafRegionalWebAcl, wafWebAcl } from './fetchers/waf-webacl.ts'
import { wafv2WebAcl } from './fetchers/wafv2-webacl.ts'

const fetchMs = 8_000

/**
 * All fetchers, or those of some types, behind one door. Throws InventoryError for a type that is not known. To add a type: a shape and
 * its line in `shapes/all.ts`, a fetcher beside its like, a line here.
 */
export function createInventory({ sessions, types = null }: { sessions: Sessions; types?: readonly string[] | null }): Inventory {
  // Kept for a while, and of use to both of its readers.
  const reports = createCredentialReports()
  const all = [
    acmCertificate,
    cloudformationStack,
    cloudtrail,
    cloudtrailMeta,
    cloudwatchLogGroup,
    configRecorder,
    configRecorderMeta,
    dynamodbTable,
    ec2Ami,
    ec2Instance,
    ec2InternetGateway,
    ec2NatGateway,
    ec2NetworkAcl,
    ec2RouteTable,
    ec2SecurityGroup,
    ec2Snapshot,
    createEc2Volume(),
    ec2Vpc,
    ecrRepository,
    ecsCluster,
    eksCluster,
    elbv2ApplicationLoadBalancer,
    guarddutyDetector,
    guarddutyDetectorMeta,
    iamGroup,
    iamPasswordPolicy,
    iamPolicy,
    iamRole,
    createIamRootUser(reports),
    createIamUser(reports),
    kmsKey,
    lambdaFunction,
    rdsCluster,
    rdsInstance,
    rdsSnapshot,
    redshiftCluster,
    s3Bucket,
    secretsmanagerSecret,
    snsTopic,
    sqsQueue,
    ssmDocument,
    wafRegionalWebAcl,
    wafv2WebAcl,
    wafWebAcl,
  ]
  const unknown = (types ?? []).filter((type) => !all.some((fetcher) => fetcher.type === type))
  if (unknown.length > 0)
    throw new InventoryError(
      'bad-answer',
      `resource types: given ${unknown.join(', ')}; allowed: ${all.map(({ type }) => type).join(', ')}`,
    )
  const wanted = all.filter(({ type }) => types === null || types.includes(type))
  const byType = new Map(wanted.map((fetcher) => [fetcher.type, fetcher]))
  const fetcherOf = (type: string): Fetcher => {
    const found = byType.get(type)
    if (found !== undefined) return found
    throw new InventoryError('bad-answer', `no fetcher for ${type}; known are ${[...byType.keys()].join(', ')}`)
  }
  return {
    types: [...byType.keys()],
    shape: (type) => fetcherOf(type).shape,
    scope: (type) => fetcherOf(type).scope,
    volatile: (type) => fetcherOf(type).volatile ?? [],
    eventId: ({ type, id }) => fetcherOf(type).eventId?.(id) ?? id,
    async *list({ accountId, region, type }, after, signal) {
      try {
        yield* fetcherOf(type).list(sessions.open(accountId, region, signal), after)
      } catch (error) {
        throw toInventoryError(error, `list ${type} of account ${accountId} in ${region}`)
      }
    },
    async fetch(ref, signal) {
      const over = new AbortController()
      const session: Session = sessions.open(
        ref.accountId,
        ref.region,
        AbortSignal.any([signal, over.signal, AbortSignal.timeout(fetchMs)]),
      )
      try {
        return await fetcherOf(ref.type).fetch(session, ref)
      } catch (error) {
        throw toInventoryError(error, `fetch ${ref.type} ${ref.id}`)
      } finally {
        // Calls that nobody waits for any more.
        over.abort()
      }
    },
  }
}
