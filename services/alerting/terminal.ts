import { at, isObject, textAt, type Json } from '#model'
import { line, lines, unescapeMarkup } from './text.ts'

/** A message as Slack holds it. */
export interface PostedMessage {
  readonly text: string
  readonly blocks: readonly Json[]
  readonly attachments: readonly Json[]
}

/** A posted message as the team sees it, for a terminal: read from its blocks, coloured when asked. */
export function terminalMessage(posted: PostedMessage, options: { readonly colour?: boolean } = {}): string {
  const ink = options.colour === true ? colouring : monochrome
  const own = posted.blocks.flatMap((block) => blockLines(block, ink))
  const aside = posted.attachments.flatMap((attachment) => {
    const bar = ink.bar('▌', textAt(attachment, 'color') ?? '#000000')
    return members(attachment, 'blocks')
      .flatMap((block) => blockLines(block, ink))
      .map((row) => `${bar} ${row}`)
  })
  const all = [...own, ...aside]
  return (all.length === 0 ? [lines(unescapeMarkup(posted.text), 4_000)] : all).join('\n')
}

interface Ink {
  bold(text: string): string
  faint(text: string): string
  bar(text: string, hex: string): string
}
const monochrome: Ink = { bold: (text) => text, faint: (text) => text, bar: (text) => text }
const colouring: Ink = {
  bold: (text) => `\u001B[1m${text}\u001B[22m`,
  faint: (text) => `\u001B[2m${text}\u001B[22m`,
  bar(text, hex) {
    const [red, green, blue] = [1, 3, 5].map((from) => Number.parseInt(hex.slice(from, from + 2), 16) || 0)
    return `\u001B[38;2;${red};${green};${blue}m${text}\u001B[39m`
  },
}

function blockLines(block: Json, ink: Ink): readonly string[] {
  switch (textAt(block, 'type')) {
    case 'header':
      return [ink.bold(line(unescapeMarkup(textAt(block, 'text', 'text') ?? ''), 200))]
    case 'divider':
      return ['────']
    case 'section':
      return lines(unescapeMarkup(textAt(block, 'text', 'text') ?? ''), 4_000).split('\n')
    case 'context':
      return members(block, 'elements').map((each) => ink.faint(line(unescapeMarkup(textAt(each, 'text') ?? ''), 2_000)))
    default:
      return members(block, 'elements').flatMap((part) => partLines(part, ink))
  }
}

function partLines(part: Json, ink: Ink): readonly string[] {
  if (textAt(part, 'type') === 'rich_text_list') {
    return members(part, 'elements').flatMap((each) =>
      partLines(each, ink).map((row, index) => (index === 0 ? `• ${row}` : `  ${row}`)),
    )
  }
  return members(part, 'elements')
    .map((leaf) => leafText(leaf, ink))
    .join('')
    .split('\n')
}

function leafText(leaf: Json, ink: Ink): string {
  // Cleaned once more: a terminal obeys what Slack only shows.
  const text = clean(textAt(leaf, 'text') ?? '')
  if (textAt(leaf, 'type') === 'user') return `@${line(textAt(leaf, 'user_id') ?? '', 30)}`
  if (textAt(leaf, 'type') === 'link') {
    const url = line(textAt(leaf, 'url') ?? '', 2_100)
    return text === url ? text : `${text} ${ink.faint(`<${url}>`)}`
  }
  return isObject(at(leaf, 'style')) && at(leaf, 'style', 'bold') === true ? ink.bold(text) : text
}

/** `lines` trims; the spaces between leaves count. */
function clean(text: string): string {
  const inner = lines(text, 4_000)
  if (inner === '') return text === '' ? '' : ' '
  return `${text.startsWith(' ') ? ' ' : ''}${inner}${text.endsWith(' ') ? ' ' : ''}`
}

function members(value: Json, key: string): readonly Json[] {
  const found = at(value, key)
  return Array.isArray(found) ? (found as readonly Json[]) : []
}
