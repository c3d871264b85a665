import type { Destination } from './destination.ts'
import { createEventBridge, type EventBridgeOptions } from './event-bridge.ts'
import { createSlack, type SlackOptions } from './slack.ts'
import { createSlackPeople } from './slack-people.ts'
import { createSns, type SnsOptions } from './sns.ts'
import { withDirectory, type DirectoryOptions } from './with-directory.ts'
import { createWebhook, type WebhookOptions } from './webhook.ts'

/** One kind of destination with what it needs. */
export type DestinationOptions =
  | { readonly slack: SlackOptions }
  | { readonly webhook: WebhookOptions }
  | { readonly eventBridge: EventBridgeOptions }
  | { readonly sns: SnsOptions }

/** Who is who, and which teams want people mentioned. */
export type Known = Omit<DirectoryOptions, 'people'>
const nobody: Known = { directory: [], mentionFor: new Set() }

/** Makes a destination of any kind that knows the people of the directory. Nothing is connected to yet. */
export function createDestination(options: DestinationOptions, known: Known = nobody): Destination {
  const people = 'slack' in options ? createSlackPeople(options.slack) : null
  return withDirectory(destinationOf(options), { ...known, people })
}

function destinationOf(options: DestinationOptions): Destination {
  if ('slack' in options) return createSlack(options.slack)
  if ('webhook' in options) return createWebhook(options.webhook)
  return 'sns' in options ? createSns(options.sns) : createEventBridge(options.eventBridge)
}
