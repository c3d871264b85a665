import { AwsError } from '#aws'

/** The error of a call that must fail with one of ours. */
export async function refusal(run: Promise<unknown>): Promise<AwsError> {
  const error: unknown = await run.catch((caught: unknown) => caught)
  if (!(error instanceof AwsError)) throw new Error(`expected an AwsError, got ${String(error)}`)
  return error
}
