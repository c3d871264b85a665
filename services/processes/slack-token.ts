import type { Config } from './config.ts'
import { readSecret } from './secret.ts'

/** The default workspace's bot token: from `SLACK_BOT_TOKEN`, or from Secrets Manager where `slack.tokenSecret` names it. */
export function slackToken({ slack, aws }: Pick<Config, 'slack' | 'aws'>): Promise<string> {
  const place = { key: 'slack.tokenSecret', secret: slack.tokenSecret, variable: 'SLACK_BOT_TOKEN', what: 'the bot token' }
  return readSecret(place, slack.token === null ? {} : { SLACK_BOT_TOKEN: slack.token }, aws.endpoint)
}
