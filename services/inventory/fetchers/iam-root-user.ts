import type { Session } from '#aws'
import { freshRootEntry, rootName } from '../credentials.ts'
import type { CredentialReports } from '../credential-report.ts'
import type { Fetcher } from '../fetcher.ts'
import { must } from '../reading.ts'
import { volatileReport } from '../shapes/credential-report.ts'
import { iamRootUserShape } from '../shapes/iam-root-user.ts'

const type = 'AWS.IAM.RootUser'

/** `arn:aws:iam::{accountId}:root`, read from the account's summary, with the credential report for what that does not say. */
export function createIamRootUser(reports: CredentialReports): Fetcher {
  return {
    type,
    shape: 1,
    scope: 'global',
    // When the account was made stands in the report alone, which may come after the first look.
    volatile: ['TimeCreated', 'CredentialReport.UserCreationTime', ...volatileReport],
    async *list(session) {
      yield { ids: [arnOf(session)], next: null }
    },
    async fetch(session, ref) {
      const arn = arnOf(session)
      if (ref.id !== arn) return { status: 'gone' }
      const [summary, report] = await Promise.all([readSummary(session), reports.of(session)])
      const old = report.entry(arn)
      const attributes = iamRootUserShape.parse({
        AccountId: session.accountId,
        Region: 'global',
        ResourceId: arn,
        ResourceType: type,
        TimeCreated: typeof old?.UserCreationTime === 'string' ? new Date(old.UserCreationTime) : null,
        Arn: arn,
        // As AWS has it: the root user's id is the account's.
        Id: session.accountId,
        Name: rootName,
        CredentialReport: freshRootEntry(arn, summary, old),
        VirtualMFA: summary.hasMfa ? await findVirtualMfa(session, arn) : null,
      })
      return { status: 'present', attributes }
    },
  }
}

async function readSummary(session: Session) {
  const { GetAccountSummaryCommand } = await import('@aws-sdk/client-iam')
  const iam = await session.client('iam')
  const { SummaryMap } = await iam.send(new GetAccountSummaryCommand({}))
  const summary = must(SummaryMap, 'SummaryMap')
  const has = (value: number | undefined, what: string): boolean => must(value, what) > 0
  return {
    hasMfa: has(summary.AccountMFAEnabled, 'AccountMFAEnabled'),
    hasPassword: summary.AccountPasswordPresent === undefined ? null : summary.AccountPasswordPresent > 0,
    hasKeys: has(summary.AccountAccessKeysPresent, 'AccountAccessKeysPresent'),
    hasCertificates: has(summary.AccountSigningCertificatesPresent, 'AccountSigningCertificatesPresent'),
  }
}

/** No call asks for the root user's device alone; null when it is a hardware one or a passkey. */
async function findVirtualMfa(session: Session, arn: string) {
  const { paginateListVirtualMFADevices } = await import('@aws-sdk/client-iam')
  const paging = { client: await session.client('iam'), pageSize: 1_000 }
  for await (const page of paginateListVirtualMFADevices(paging, { AssignmentStatus: 'Assigned' })) {
    const found = page.VirtualMFADevices?.find(({ User }) => User?.Arn === arn)
    if (found !== undefined) return found
  }
  return null
}

function arnOf({ accountId, partition }: Session): string {
  return `arn:${partition}:iam::${accountId}:root`
}
