import { lookup } from 'node:dns/promises'
import { DescribeEventBusCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { GetTopicAttributesCommand, SNSClient } from '@aws-sdk/client-sns'
import { WebClient } from '@slack/web-api'
import { readTarget } from '#alerting'
import type { Config } from '../processes/config.ts'
import { destinationNames, type DestinationConfig } from '../processes/config-routing.ts'
import { slackSecret, usesDefaultSlack, webhookKey } from '../processes/destinations.ts'
import { slackToken } from '../processes/slack-token.ts'

/** One thing to look at: answers what it found, throws what is wrong. */
interface Look {
  readonly what: string
  /** Null: there is nothing to say that was not said. */
  readonly look: () => Promise<string | null>
}

const timeoutMs = 10_000
const pageSize = 200
const mostPages = 20

/** Looks at every place where alerts may go, and tells nobody anything. */
export function destinationLooks(config: Config, environment: NodeJS.ProcessEnv): readonly Look[] {
  const { apiUrl } = config.slack
  const first = usesDefaultSlack(config) ? slackLooks('slack', config, apiUrl, () => slackToken(config)) : []
  const others = Object.entries(config.destinations).flatMap(([name, kind]): readonly Look[] => {
    if ('slack' in kind)
      return slackLooks(name, config, kind.slack.apiUrl, () => slackSecret(name, kind.slack, config, environment))
    return [{ what: `destination ${name}`, look: lookOf(name, kind, config, environment) }]
  })
  return [...first, ...others]
}

function slackLooks(name: string, config: Config, apiUrl: string | undefined, token: () => Promise<string>): readonly Look[] {
  let client: WebClient | null = null
  const workspace = {
    what: `Slack workspace ${name}`,
    async look() {
      const given = { retryConfig: { retries: 0 }, timeout: timeoutMs, ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }) }
      const made = new WebClient(await token(), given)
      const { team, user } = await made.auth.test()
      client = made
      return `its token works as ${user ?? 'a bot'} of ${team ?? 'a workspace'}`
    },
  }
  const channels = channelsOf(name, config).map((channel) => ({
    what: `Slack channel ${channel} of ${name}`,
    look: async () => {
      // That the token does not work was said.
      return client === null ? null : channelWords(client, channel)
    },
  }))
  return [workspace, ...channels]
}

/** Every channel of a workspace that the configuration names. */
function channelsOf(name: string, { destinations, fallback, operators, teams, routes }: Config): readonly string[] {
  const words = [fallback, ...operators, ...teams.map(({ channel }) => channel), ...routes.flatMap(({ to }) => to)]
  const places = words.filter((word) => word !== 'team').map((word) => readTarget(word, destinationNames(destinations)))
  return [...new Set(places.flatMap((place) => (place?.destination === name ? [place.channel] : [])))]
}

async function channelWords(client: WebClient, channel: string): Promise<string> {
  if (/^[CGD][A-Z0-9]{5,}$/u.test(channel)) {
    const { channel: found } = await client.conversations.info({ channel })
    if (found?.is_archived === true) throw new Error('is archived; allowed: a channel that is in use')
    if (found?.is_member === false) throw new Error(`the bot is not in it: invite it to #${found.name ?? channel}`)
    return `is #${found?.name ?? channel}`
  }
  let cursor = ''
  for (let page = 0; page < mostPages; page += 1) {
    const types = 'public_channel,private_channel'
    const listed = await client.conversations.list({ limit: pageSize, types, ...(cursor === '' ? {} : { cursor }) })
    const found = listed.channels?.find((each) => each.name === channel.replace(/^#/u, ''))
    if (found?.is_archived === true) throw new Error('is archived; allowed: a channel that is in use')
    if (found?.is_member === false) throw new Error('the bot is not in it: invite it')
    if (found !== undefined) return `is there; its id, ${found.id ?? 'unknown'}, keeps working when it is renamed`
    cursor = listed.response_metadata?.next_cursor ?? ''
    if (cursor === '')
      throw new Error(
        'is not there, or is private and the bot is not in it; allowed: the id or name of a channel that the bot is in',
      )
  }
  return 'was not looked for in all of a very large workspace'
}

type Other = Exclude<DestinationConfig, { slack: unknown }>

function lookOf(name: string, kind: Other, config: Config, environment: NodeJS.ProcessEnv): () => Promise<string> {
  const options = { maxAttempts: 1 }
  const endpointOf = (own: string | undefined): { endpoint?: string } => {
    const endpoint = own ?? config.aws.endpoint
    return endpoint === undefined ? {} : { endpoint }
  }
  if ('webhook' in kind) {
    return async () => {
      await webhookKey(name, kind.webhook, config, environment)
      const { address } = await lookup(new URL(kind.webhook.url).hostname.replaceAll(/[[\]]/gu, ''))
      return `its key is there, and its name is known (${address}); nothing was posted`
    }
  }
  if ('sns' in kind) {
    const { topic, endpoint } = kind.sns
    return async () => {
      const client = new SNSClient({ ...options, region: topic.split(':')[3] ?? '', ...endpointOf(endpoint) })
      const { Attributes } = await client.send(new GetTopicAttributesCommand({ TopicArn: topic }), {
        abortSignal: AbortSignal.timeout(timeoutMs),
      })
      return `is there, with ${Attributes?.['SubscriptionsConfirmed'] ?? '?'} subscriptions`
    }
  }
  const { bus, region, endpoint } = kind.eventBridge
  return async () => {
    const own = region ?? bus.split(':')[3]
    const client = new EventBridgeClient({ ...options, ...(own === undefined ? {} : { region: own }), ...endpointOf(endpoint) })
    const { Arn } = await client.send(new DescribeEventBusCommand({ Name: bus }), { abortSignal: AbortSignal.timeout(timeoutMs) })
    return `is ${Arn ?? bus}`
  }
}
