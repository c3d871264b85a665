import { createDestination, type Destination, type Known } from '#alerting'
import type { Config } from './config.ts'
import type { DestinationConfig } from './config-routing.ts'
import { readSecret } from './secret.ts'
import { slackToken } from './slack-token.ts'

/** Every destination that the configuration names, with its secrets read. Throws before anything is sent when one is missing. */
export async function openDestinations(config: Config, environment: NodeJS.ProcessEnv): Promise<readonly Destination[]> {
  const named = Object.entries(config.destinations).map(([name, kind]) => open(name, kind, config, environment))
  const first = usesDefaultSlack(config) ? [defaultSlack(config)] : []
  return Promise.all([...first, ...named])
}

async function defaultSlack(config: Config): Promise<Destination> {
  const { apiUrl } = config.slack
  return createDestination(
    { slack: { token: await slackToken(config), ...(apiUrl === undefined ? {} : { apiUrl }) } },
    knownOf(config),
  )
}

function knownOf({ people, teams }: Config): Known {
  const directory = (people ?? []).map(({ name, email, slack, principals }) => ({ name, email, slackId: slack, principals }))
  return { directory, mentionFor: new Set(teams.filter(({ mention }) => mention === true).map(({ id }) => id)) }
}

/** True unless every place is another destination: then no token is needed. */
export function usesDefaultSlack({ destinations, fallback, operators, teams, routes }: Config): boolean {
  const words = [fallback, ...operators, ...teams.map(({ channel }) => channel), ...routes.flatMap(({ to }) => to)]
  return words.some((word) => word !== 'team' && !Object.hasOwn(destinations, word.split(':', 1)[0] ?? ''))
}

async function open(name: string, kind: DestinationConfig, config: Config, environment: NodeJS.ProcessEnv): Promise<Destination> {
  const { endpoint } = config.aws
  if ('slack' in kind) {
    const { apiUrl } = kind.slack
    const token = await slackSecret(name, kind.slack, config, environment)
    return createDestination({ slack: { name, token, ...(apiUrl === undefined ? {} : { apiUrl }) } }, knownOf(config))
  }
  if ('webhook' in kind) {
    const { url, privateNetwork, timeoutMs } = kind.webhook
    const key = await webhookKey(name, kind.webhook, config, environment)
    return createDestination({ webhook: { name, url, key, privateNetwork, timeoutMs } }, knownOf(config))
  }
  if ('sns' in kind) {
    const own = kind.sns.endpoint ?? endpoint
    return createDestination(
      { sns: { name, topic: kind.sns.topic, ...(own === undefined ? {} : { endpoint: own }) } },
      knownOf(config),
    )
  }
  const { bus, source, region } = kind.eventBridge
  const own = kind.eventBridge.endpoint ?? endpoint
  const place = { ...(region === undefined ? {} : { region }), ...(own === undefined ? {} : { endpoint: own }) }
  return createDestination({ eventBridge: { name, bus, source, ...place } }, knownOf(config))
}

type Slack = Extract<DestinationConfig, { slack: unknown }>['slack']
type Webhook = Extract<DestinationConfig, { webhook: unknown }>['webhook']

/** The bot token of a further workspace. */
export function slackSecret(
  name: string,
  { tokenSecret: secret, tokenVariable }: Slack,
  { aws }: Config,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const variable = tokenVariable ?? variableOf(name, 'SLACK_BOT_TOKEN')
  const place = { key: `destinations.${name}.slack.tokenSecret`, secret, variable, what: 'the bot token' }
  return readSecret(place, environment, aws.endpoint)
}

/** The key that signs what a webhook is sent. */
export function webhookKey(
  name: string,
  { keySecret: secret, keyVariable }: Webhook,
  { aws }: Config,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const variable = keyVariable ?? variableOf(name, 'WEBHOOK_KEY')
  const place = { key: `destinations.${name}.webhook.keySecret`, secret, variable, what: 'the signing key' }
  return readSecret(place, environment, aws.endpoint)
}

/** `slack-emea` is told its token in `SLACK_BOT_TOKEN_SLACK_EMEA`, unless the configuration names another variable. */
function variableOf(name: string, prefix: string): string {
  return `${prefix}_${name.toUpperCase().replaceAll('-', '_')}`
}
