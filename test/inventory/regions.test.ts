import { expect, test } from 'vitest'
import { AwsError, type Session } from '#aws'
import { inEveryRegion } from '../../services/inventory/fetchers/regions.ts'

const regions = ['eu-west-1', 'us-east-1', 'mx-central-1']
const ec2 = { send: async () => ({ Regions: regions.map((RegionName) => ({ RegionName })) }) }
const session = {
  accountId: '111111111111',
  region: 'us-east-1',
  partition: 'aws',
  signal: AbortSignal.timeout(10_000),
  client: async () => ec2,
} as unknown as Session

/** Reads each region's name, and fails in one of them. */
function failing(where: (region: string) => boolean, awsCode: string, code: 'unavailable' | 'access-denied' = 'unavailable') {
  return async (region: string): Promise<string> => {
    const call = { service: 'guardduty', operation: 'ListDetectors', accountId: session.accountId, region }
    if (where(region)) throw new AwsError(code, call, awsCode)
    return region
  }
}
const isNew = (region: string): boolean => region === 'mx-central-1'

test('a region where a service has no address has nothing of it', async () => {
  expect(await inEveryRegion(session, failing(isNew, 'ENOTFOUND'))).toEqual(['eu-west-1', 'us-east-1'])
})

test.each([
  ['refuses', 'AccessDenied', 'access-denied'],
  ['does not answer', 'ECONNREFUSED', 'unavailable'],
] as const)('a region that %s makes all of them unknown', async (_, word, code) => {
  await expect(inEveryRegion(session, failing(isNew, word, code))).rejects.toMatchObject({ code, awsCode: word })
})

test('when no region has an address, it is we who cannot find them', async () => {
  await expect(
    inEveryRegion(
      session,
      failing(() => true, 'ENOTFOUND'),
    ),
  ).rejects.toMatchObject({ awsCode: 'ENOTFOUND' })
})
