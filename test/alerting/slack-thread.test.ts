import { expect, it } from 'vitest'
import { slackMessage, type SlackMessage } from '#alerting'
import type { Json, NamedFinding, Together } from '#model'
import { controls, refusal } from '../../services/processes/demo/slack-rules.ts'
import { aCause, aFindingAlert, anOutgoing, aPlace } from '../support/alerts.ts'
import { hostileTexts } from '../support/hostile.ts'

const wire = (message: SlackMessage): { text: string; blocks: Json[]; attachments: Json[] } =>
  JSON.parse(JSON.stringify(message)) as { text: string; blocks: Json[]; attachments: Json[] }

/** Every kind with a text in all its places, as much of it as there may be. */
function everything(text: string): readonly Together[] {
  const place = aPlace({ accountName: text, resourceName: text, resourceType: text, region: text })
  const named: NamedFinding = { title: text, severity: 'CRITICAL', place, over: false }
  const many = Array.from({ length: 60 }, (_, index) => ({ ...named, over: index % 2 === 0 }))
  const counted = Array.from({ length: 40 }, () => ({ displayName: text, severity: 'HIGH' as const, count: 9, over: 1 }))
  const total = 900
  return [
    { kind: 'change', findings: Array.from({ length: 30 }, () => aFindingAlert({ title: text, place })) },
    {
      kind: 'storm',
      threadId: '01234567',
      cause: aCause({ actor: { name: text } }),
      total,
      over: 3,
      highest: 'CRITICAL',
      bySeverity: { CRITICAL: 10, HIGH: 890 },
      byDetection: counted,
      byType: counted.map(() => ({ type: text, count: 3 })),
      accounts: [text],
      critical: many.slice(0, 10),
      inTable: 800,
      openForMs: 5e7,
    },
    { kind: 'rest', threadId: '01234567', total, over: 1, byDetection: counted, named: many },
    { kind: 'reminder', openForMs: 2e7, open: 50, total, named: many.slice(0, 20) },
  ]
}

it('shows hostile texts as letters, in messages that Slack takes', () => {
  for (const text of [...hostileTexts(60, 11), '<!channel>'.repeat(2_000), '']) {
    for (const together of everything(text)) {
      const flapping = { times: 5, withinMs: 2_400_000 }
      const { text: plain, blocks, attachments } = wire(slackMessage(anOutgoing({ together, flapping })))
      const live = controls(plain, blocks, attachments).filter(
        (each) => !/^https:\/\/(?:[a-z0-9-]+\.)*(?:aws\.amazon|example)\.com\//u.test(each),
      )
      expect({ kind: together.kind, live, refused: refusal(blocks, attachments) }).toEqual({
        kind: together.kind,
        live: [],
        refused: null,
      })
    }
  }
})

it('says who did how much, how much of it is over, and what is critical', () => {
  const [change, storm, rest, reminder] = everything('ledger').map((together) =>
    JSON.stringify(wire(slackMessage(anOutgoing({ together })))),
  )
  expect(change).toContain('30 findings on ledger')
  expect(storm).toContain('900 findings by ledger')
  expect(storm).toContain('3 of 900 are over')
  expect(storm).toContain('tripline findings --thread 01234567')
  expect(rest).toContain('900 more findings of this, 1 over')
  expect(reminder).toContain('Still failing after 6 h: 50 of 900')
})
