import type { AlertContent, OperatorNote } from '#model'
import { roomLogger } from '#runtime'
import type { Outgoing } from './destination.ts'
import { findingMessage, type Told } from './slack-finding.ts'
import { summaryMessage } from './slack-summary.ts'
import { colours, grey, marks } from './slack-looks.ts'
import { flappingLine, togetherMessage } from './slack-thread.ts'
import { bold, header, plain, richText, section, type Block } from './slack-blocks.ts'
import { escapeMarkup, line, lines } from './text.ts'

const log = roomLogger('alerting')

/** A message in Slack's own words, ready to be posted. */
export interface SlackMessage {
  /** For notifications and where blocks cannot be shown. */
  readonly text: string
  readonly blocks: Block[]
  readonly attachments: { readonly color: string; readonly fallback: string; readonly blocks: Block[] }[]
  readonly metadata: { readonly event_type: string; readonly event_payload: { readonly delivery_id: string } }
}
/** The parts that differ by kind. Texts in blocks are cut and cleaned; `text` and `fallback` are escaped here. */
export interface Worded {
  readonly text: string
  readonly blocks: Block[]
  readonly colour: string
  /** Beside the coloured bar. */
  readonly aside: Block[]
}

/** The name of our metadata, by which a message is found again. */
export const metadataType = 'tripline_delivery'

/** Words an alert for Slack. Marked as a possible repeat when `uncertain`. Says how long after the change it comes; at most 12,000 characters and 50 blocks. */
export function slackMessage(outgoing: Outgoing): SlackMessage {
  try {
    return wordedMessage(outgoing)
  } catch (error) {
    // An alert in few words is better than one that is tried for ever.
    const { deliveryId: delivery, content } = outgoing
    log.error({ delivery, error: error instanceof Error ? error.message : 'unknown' }, 'alert cannot be worded, told by its title')
    const text = escapeMarkup(line(content.kind === 'summary' ? 'Findings' : content.title, 1_000), 1_200)
    return { text, blocks: [], attachments: [], metadata: metadataOf(delivery) }
  }
}

function wordedMessage({ deliveryId, to, content, uncertain, sentAt, together, flapping }: Outgoing): SlackMessage {
  const worded = together === null ? alone(content, { to, sentAt }) : togetherMessage(together, { to, sentAt })
  const flaps = flapping === null || together?.kind === 'storm' ? [] : [flappingLine(flapping)]
  const repeat = uncertain ? [richText(section(bold('Possible repeat: '), plain(possibleRepeat)))] : []
  const text = escapeMarkup(line(uncertain ? `Possible repeat: ${worded.text}` : worded.text, 1_000), 1_200)
  return {
    text,
    blocks: [...worded.blocks, ...flaps, ...repeat],
    attachments: [{ color: worded.colour, fallback: text, blocks: worded.aside }],
    metadata: metadataOf(deliveryId),
  }
}

function metadataOf(deliveryId: string): SlackMessage['metadata'] {
  return { event_type: metadataType, event_payload: { delivery_id: deliveryId } }
}

function alone(content: AlertContent, told: Told): Worded {
  if (content.kind === 'finding') return findingMessage(content, told)
  return content.kind === 'summary' ? summaryMessage(content, told.to.team) : noteMessage(content)
}

const possibleRepeat = 'an earlier try had no answer, so this message may be here twice.'

function noteMessage({ title, text, severity }: OperatorNote): Worded {
  const mark = severity === undefined ? '⚠️' : marks[severity]
  return {
    text: `${mark} ${title}`,
    blocks: [header(`${mark} ${title}`), richText(section(plain(lines(text, 3_000))))],
    colour: severity === undefined ? grey : colours[severity],
    aside: [richText(section(plain('Tripline, to its operators')))],
  }
}
