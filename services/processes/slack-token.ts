import { ConfigError } from '#runtime'
import type { Config } from './config.ts'

/** The bot token: from `SLACK_BOT_TOKEN`, or from Secrets Manager where `slack.tokenSecret` names it. Kept in memory only. */
export async function slackToken(config: Pick<Config, 'slack' | 'aws'>): Promise<string> {
  const { token, tokenSecret } = config.slack
  if (tokenSecret === undefined) {
    if (token !== null && token !== '') return token
    throw new ConfigError(
      'invalid',
      'no Slack token: given neither SLACK_BOT_TOKEN in the environment nor slack.tokenSecret; allowed: one of them',
    )
  }
  const { GetSecretValueCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager')
  const { endpoint } = config.aws
  const client = new SecretsManagerClient(endpoint === undefined ? {} : { endpoint })
  try {
    const answer = await client.send(new GetSecretValueCommand({ SecretId: tokenSecret }), {
      abortSignal: AbortSignal.timeout(10_000),
    })
    if (answer.SecretString !== undefined && answer.SecretString !== '') return answer.SecretString
    throw new ConfigError(
      'invalid',
      `slack.tokenSecret: given ${tokenSecret}, which holds no text; allowed: a secret whose text is the bot token`,
    )
  } catch (error) {
    if (error instanceof ConfigError) throw error
    const code = error instanceof Error ? error.name : 'unknown'
    throw new ConfigError('unreadable', `slack.tokenSecret: ${tokenSecret} cannot be read (${code})`)
  } finally {
    client.destroy()
  }
}
