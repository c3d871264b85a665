import { at, isObject, textAt, type Json } from '#model'

/** Slack's published limits. */
const limits = { blocks: 50, section: 3_000, field: 2_000, header: 150, fields: 10, contextElements: 10, message: 13_000 }

/** What Slack would say of a message's blocks: its error word with the detail that it puts in `response_metadata`, or null when it takes them. */
export function refusal(
  blocks: readonly Json[],
  attachments: readonly Json[],
): { readonly error: string; readonly detail: string } | null {
  const groups = [blocks, ...attachments.map((each) => listAt(each, 'blocks'))]
  for (const group of groups) {
    if (group.length > limits.blocks) return { error: 'invalid_blocks', detail: `no more than ${limits.blocks} items allowed` }
    for (const [index, block] of group.entries()) {
      const detail = wrongBlock(block)
      if (detail !== null) return { error: 'invalid_blocks', detail: `${detail} [json-pointer:/blocks/${index}]` }
    }
  }
  if (attachments.length > 100) return { error: 'too_many_attachments', detail: 'no more than 100 attachments' }
  const length = groups.flat().reduce<number>((sum, block) => sum + textLength(block), 0)
  return length > limits.message ? { error: 'msg_blocks_too_long', detail: `${length} characters in blocks` } : null
}

function wrongBlock(block: Json): string | null {
  switch (textAt(block, 'type')) {
    case 'divider':
      return null
    case 'header':
      return wrongText(at(block, 'text'), limits.header, ['plain_text'])
    case 'section':
      return wrongSection(block)
    case 'context':
      return wrongContext(block)
    case 'rich_text':
      return wrongRichText(block)
    default:
      return `unsupported type: ${textAt(block, 'type') ?? 'none'}`
  }
}

function wrongSection(block: Json): string | null {
  const fields = listAt(block, 'fields')
  if (fields.length > limits.fields) return `no more than ${limits.fields} items allowed`
  if (at(block, 'text') === undefined && fields.length === 0) return 'missing required field: text'
  const text = at(block, 'text')
  const wrong = text === undefined ? null : wrongText(text, limits.section, ['plain_text', 'mrkdwn'])
  return wrong ?? first(fields, (field) => wrongText(field, limits.field, ['plain_text', 'mrkdwn']))
}

function wrongContext(block: Json): string | null {
  const elements = listAt(block, 'elements')
  if (elements.length === 0 || elements.length > limits.contextElements)
    return `between 1 and ${limits.contextElements} items allowed`
  return first(elements, (element) => wrongText(element, limits.field, ['plain_text', 'mrkdwn']))
}

function wrongText(text: Json | undefined, most: number, types: readonly string[]): string | null {
  const type = textAt(text, 'type')
  if (type === null || !types.includes(type)) return `unsupported text type: ${type ?? 'none'}`
  const words = textAt(text, 'text')
  if (words === null) return 'must be more than 0 characters'
  return words.length > most ? `must be less than ${most + 1} characters` : null
}

const containers = new Set(['rich_text_section', 'rich_text_list', 'rich_text_preformatted', 'rich_text_quote'])

function wrongRichText(block: Json): string | null {
  const elements = listAt(block, 'elements')
  if (elements.length === 0) return 'missing required field: elements'
  return first(elements, wrongPart)
}

function wrongPart(part: Json): string | null {
  const type = textAt(part, 'type') ?? 'none'
  if (!containers.has(type)) return `unsupported rich text element: ${type}`
  const inner = listAt(part, 'elements')
  if (inner.length === 0) return 'missing element'
  return first(inner, type === 'rich_text_list' ? wrongPart : wrongLeaf)
}

function wrongLeaf(leaf: Json): string | null {
  const type = textAt(leaf, 'type') ?? 'none'
  if (type === 'text') return textAt(leaf, 'text') === null ? 'must be more than 0 characters' : null
  if (type === 'link') return /^(https?|mailto):/u.test(textAt(leaf, 'url') ?? '') ? null : 'invalid url'
  if (type === 'date') return Number.isInteger(at(leaf, 'timestamp')) ? null : 'timestamp must be an integer'
  return ['emoji', 'user', 'usergroup', 'channel', 'broadcast', 'color', 'team'].includes(type) ? null : `unsupported: ${type}`
}

/** Everything in a message that Slack would turn into a mention or a link instead of showing its letters. */
export function controls(text: string, blocks: readonly Json[], attachments: readonly Json[]): readonly string[] {
  return [...inMarkup(text), ...[...blocks, ...attachments].flatMap(inJson)]
}

function inMarkup(text: string): readonly string[] {
  return [...text.matchAll(/<([^<>]+)>/gu)].map(([, inside]) => inside ?? '')
}

function inJson(value: Json): readonly string[] {
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap(inJson)
  if (!isObject(value)) return []
  const type = textAt(value, 'type') ?? ''
  if (type === 'mrkdwn') return inMarkup(textAt(value, 'text') ?? '')
  if (type === 'link') return [textAt(value, 'url') ?? '']
  if (['user', 'usergroup', 'channel', 'broadcast', 'team'].includes(type)) return [type]
  return Object.entries(value).flatMap(([key, each]) =>
    key === 'fallback' && typeof each === 'string' ? inMarkup(each) : inJson(each),
  )
}

function textLength(value: Json): number {
  if (Array.isArray(value)) return (value as readonly Json[]).reduce<number>((sum, each) => sum + textLength(each), 0)
  if (!isObject(value)) return 0
  return Object.entries(value).reduce((sum, [key, each]) => {
    return sum + (typeof each === 'string' ? (key === 'text' ? each.length : 0) : textLength(each))
  }, 0)
}

/** The list under a key; empty when there is none. */
function listAt(value: Json, key: string): readonly Json[] {
  const found = at(value, key)
  return Array.isArray(found) ? (found as readonly Json[]) : []
}

function first(items: readonly Json[], check: (item: Json) => string | null): string | null {
  for (const item of items) {
    const wrong = check(item)
    if (wrong !== null) return wrong
  }
  return null
}
