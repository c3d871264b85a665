import { isObject, type Json } from '#model'
import type { Outgoing } from './destination.ts'
import { slackMessage } from './slack-message.ts'
import { terminalMessage } from './terminal.ts'
import { cut, escapeMarkup, unescapeMarkup } from './text.ts'

const longest = 12_000

/** An alert as plain text, for mails and other readers: the same words as in Slack, in which nothing from outside is a link or a mention. */
export function plainText(alert: Outgoing): string {
  const { text, blocks, attachments } = slackMessage(alert)
  const { to } = alert
  const owner = to.team === null ? inert(to.because) : `For team ${inert(to.team)}: ${inert(to.because)}`
  const shown = terminalMessage({
    text: inert(text),
    blocks: blocks.map((block) => inertly(block as unknown as Json)),
    attachments: attachments.map((each) => inertly(each as unknown as Json)),
  })
  return cut(`${shown}\n${owner}`, longest).toWellFormed()
}

/** The first line of an alert, for subjects: one line of letters that every mailer takes. */
export function subjectLine(alert: Outgoing, most: number): string {
  const printable = inert(unescapeMarkup(slackMessage(alert).text))
    .normalize('NFKD')
    .replaceAll(/[^\x20-\x7E]+/gu, ' ')
    .replaceAll(/ +/gu, ' ')
    .trim()
  const cutDown = printable.slice(0, most).trim()
  return cutDown === '' ? 'Tripline' : cutDown
}

/** Every text of a message made inert; links stay, since they come only from our own templates. */
function inertly(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(inertly)
  if (!isObject(value)) return value
  const { type, text } = value
  if (typeof text === 'string' && type === 'text') return { ...value, text: inert(text) }
  if (typeof text === 'string' && type === 'link') return { ...value, text: text === value['url'] ? text : inert(text) }
  if (typeof text === 'string' && type === 'plain_text') {
    return { ...value, text: escapeMarkup(inert(unescapeMarkup(text)), Infinity) }
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inertly(each)]))
}

/** Letters that other programs would take for a link or a mention, changed so that they stay letters. */
function inert(text: string): string {
  return text
    .replaceAll('<', '‹')
    .replaceAll('>', '›')
    .replaceAll('://', '[:]//')
    .replaceAll(/www\./giu, (found) => `${found.slice(0, -1)}[.]`)
}
