import type { Destination } from './destination.ts'
import { createEventBridge, type EventBridgeOptions } from './event-bridge.ts'
import { createSlack, type SlackOptions } from './slack.ts'
import { createSns, type SnsOptions } from './sns.ts'
import { createWebhook, type WebhookOptions } from './webhook.ts'

/** One kind of destination with what it needs. */
export type DestinationOptions =
  | { readonly slack: SlackOptions }
  | { readonly webhook: WebhookOptions }
  | { readonly eventBridge: EventBridgeOptions }
  | { readonly sns: SnsOptions }

/** Makes a destination of any kind. Nothing is connected to yet. */
export function createDestination(options: DestinationOptions): Destination {
  if ('slack' in options) return createSlack(options.slack)
  if ('webhook' in options) return createWebhook(options.webhook)
  return 'sns' in options ? createSns(options.sns) : createEventBridge(options.eventBridge)
}
