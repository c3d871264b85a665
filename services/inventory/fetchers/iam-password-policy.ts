import { unless } from '../error.ts'
import { must } from '../reading.ts'
import { iamPasswordPolicyShape } from '../shapes/iam-password-policy.ts'
import { accountWide } from './account-wide.ts'

/** `{accountId}::AWS.PasswordPolicy`, read in one call. `AnyExist` is false while AWS's own policy is in force. */
export const iamPasswordPolicy = accountWide('AWS.PasswordPolicy', iamPasswordPolicyShape, async (session) => {
  const { GetAccountPasswordPolicyCommand } = await import('@aws-sdk/client-iam')
  const iam = await session.client('iam')
  const answer = await unless(iam.send(new GetAccountPasswordPolicyCommand({})), 'NoSuchEntity')
  return answer === null ? { AnyExist: false } : { ...must(answer.PasswordPolicy, 'PasswordPolicy'), AnyExist: true }
})
