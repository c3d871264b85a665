import { ConfigError } from '#runtime'

/** Where a secret is kept: in Secrets Manager, or in an environment variable. */
export interface SecretPlace {
  /** The key of the configuration, for messages: `slack.tokenSecret`. */
  readonly key: string
  readonly secret: string | undefined
  readonly variable: string
  /** What it is, for messages: `the bot token`. */
  readonly what: string
}

/** Reads a secret, from Secrets Manager when the configuration names one there. It is kept in memory only. */
export async function readSecret(
  { key, secret, variable, what }: SecretPlace,
  environment: NodeJS.ProcessEnv,
  endpoint: string | undefined,
): Promise<string> {
  if (secret === undefined) {
    const given = environment[variable]
    if (given !== undefined && given !== '') return given
    throw new ConfigError(
      'invalid',
      `${what} is missing: given neither ${variable} in the environment nor ${key}; allowed: one of them`,
    )
  }
  const { GetSecretValueCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager')
  const client = new SecretsManagerClient(endpoint === undefined ? {} : { endpoint })
  try {
    const command = new GetSecretValueCommand({ SecretId: secret })
    const answer = await client.send(command, { abortSignal: AbortSignal.timeout(10_000) })
    if (answer.SecretString !== undefined && answer.SecretString !== '') return answer.SecretString
    throw new ConfigError('invalid', `${key}: given ${secret}, which holds no text; allowed: a secret whose text is ${what}`)
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError('unreadable', `${key}: ${secret} cannot be read (${error instanceof Error ? error.name : 'unknown'})`)
  } finally {
    client.destroy()
  }
}
