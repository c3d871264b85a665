import { cut, escapeMarkup, line } from './text.ts'

/** The few pieces of Block Kit that we use. Outside text only ever stands in `text` elements, where nothing is markup. */
export interface Style {
  readonly bold?: true
  readonly code?: true
  readonly strike?: true
}
export type Leaf =
  | { readonly type: 'text'; readonly text: string; readonly style?: Style }
  | { readonly type: 'link'; readonly url: string; readonly text: string }
  | { readonly type: 'user'; readonly user_id: string }
export interface Section {
  readonly type: 'rich_text_section'
  readonly elements: Leaf[]
}
export interface List {
  readonly type: 'rich_text_list'
  readonly style: 'bullet'
  readonly elements: Section[]
}
export interface RichText {
  readonly type: 'rich_text'
  readonly elements: (Section | List)[]
}
export interface Header {
  readonly type: 'header'
  readonly text: { readonly type: 'plain_text'; readonly text: string; readonly emoji: false }
}
export interface Divider {
  readonly type: 'divider'
}
export type Block = Header | RichText | Divider

/** The longest header that Slack takes. */
const headerLength = 150

/** A title. Slack reads entities here as well, so it is escaped. */
export function header(text: string): Header {
  return { type: 'header', text: { type: 'plain_text', text: escapeMarkup(line(text, headerLength), headerLength), emoji: false } }
}

/** Text as it is. Slack refuses empty texts: a space stands in. */
export function plain(text: string, style?: Style): Leaf {
  const whole = text === '' ? ' ' : text
  return style === undefined ? { type: 'text', text: whole } : { type: 'text', text: whole, style }
}

export function bold(text: string): Leaf {
  return plain(text, { bold: true })
}

export function code(text: string): Leaf {
  return plain(text, { code: true })
}

/** Only for addresses from `consoleLink` and `safeLink`. */
export function link(url: string, text: string): Leaf {
  return { type: 'link', url, text: cut(text, 200) }
}

/** Mentions a person. Only for ids from the configuration or from Slack. */
export function mention(slackId: string): Leaf {
  return { type: 'user', user_id: slackId }
}

export function section(...elements: Leaf[]): Section {
  return { type: 'rich_text_section', elements }
}

export function list(...elements: Section[]): List {
  return { type: 'rich_text_list', style: 'bullet', elements }
}

export function richText(...elements: (Section | List)[]): RichText {
  return { type: 'rich_text', elements }
}
