import { expect, test } from 'vitest'
import { messagesPage } from '../../services/processes/demo/page.ts'
import type { SlackPosted } from '../../services/processes/demo/slack-server.ts'

const evil = `<script>alert(1)</script> "' & javascript:`

function posted(given: Partial<SlackPosted> = {}): SlackPosted {
  const place = { channel: 'data', channelId: 'C1', ts: '1.0', threadTs: null, broadcast: false, edits: 0, at: 0 }
  return { ...place, text: '', blocks: [], attachments: [], metadata: null, controls: [], ...given }
}

test('hostile texts are shown and never obeyed, wherever they stand', () => {
  const leaf = { type: 'text', text: evil, style: { bold: true, code: true, strike: true } }
  const link = { type: 'link', url: 'javascript:alert(1)', text: evil }
  const section = { type: 'rich_text_section', elements: [leaf, link, { type: 'user', user_id: evil }] }
  const blocks = [
    { type: 'header', text: { type: 'plain_text', text: evil } },
    { type: 'rich_text', elements: [section, { type: 'rich_text_list', elements: [section] }] },
    { type: 'section', text: { type: 'mrkdwn', text: evil } },
    { type: 'context', elements: [{ type: 'mrkdwn', text: evil }] },
    { type: 'table', rows: [[{ type: 'raw_text', text: evil }]] },
  ]
  const attachments = [{ color: '"><script>', blocks }]
  const page = messagesPage([posted({ channel: evil, blocks, attachments })])
  expect(page).not.toMatch(/<script|href="javascript/iu)
  expect(page.match(/&#60;script&#62;alert\(1\)/gu)?.length).toBeGreaterThanOrEqual(16)
})

test('replies stand below the message that they answer', () => {
  const header = (text: string) => [{ type: 'header', text: { type: 'plain_text', text } }]
  const head = posted({ blocks: header('the head'), edits: 2 })
  const page = messagesPage([head, posted({ ts: '2.0', threadTs: '1.0', blocks: header('a detail') })])
  expect(page).toMatch(/the head.*\(edited\).*1 reply.*a detail/su)
  expect(page.match(/<h3>/gu)).toHaveLength(2)
})
