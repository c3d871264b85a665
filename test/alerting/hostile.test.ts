import { expect, it } from 'vitest'
import { slackMessage } from '#alerting'
import type { Json } from '#model'
import { alertDocument } from '../../services/alerting/document.ts'
import { ocsfFinding } from '../../services/alerting/ocsf.ts'
import { plainText, subjectLine } from '../../services/alerting/plain-text.ts'
import { refusal } from '../../services/processes/demo/slack-rules.ts'
import { anOutgoing } from '../support/alerts.ts'
import { everywhere, hostileTexts, liveIn } from '../support/hostile.ts'

const mostBytes = 48 * 1024
const to = (text: string): ReturnType<typeof anOutgoing>['to'] => ({ destination: text, channel: text, team: text, because: text })

it(
  '5,000 hostile texts through every kind of alert and destination: 0 live mentions or links, nothing refused',
  { timeout: 240_000 },
  () => {
    const wrong: unknown[] = []
    let said = 0
    for (const text of hostileTexts(5_000, 2_026)) {
      for (const content of everywhere(text)) {
        said += 1
        const alert = anOutgoing({ content, to: to(text), uncertain: said % 2 === 0 })
        const {
          text: line,
          blocks,
          attachments,
        } = JSON.parse(JSON.stringify(slackMessage(alert))) as Record<'blocks' | 'attachments', Json[]> & { text: string }
        const refused = refusal(blocks, attachments)
        const plain = plainText(alert)
        const subject = subjectLine(alert, 100)
        const document = alertDocument(alert, mostBytes)
        const event = content.kind === 'finding' ? ocsfFinding({ ...alert, content }, mostBytes) : '{}'
        const live = [...liveIn(line, blocks, attachments), ...liveIn(plain), ...liveIn(subject)]
        const broken = [document, event].filter(
          (each) => Buffer.byteLength(each) > mostBytes || typeof JSON.parse(each) !== 'object',
        )
        const links = /(?<!<)https?:\/\/evil/u.test(plain) || /www\.evil/u.test(plain)
        if (
          refused !== null ||
          live.length > 0 ||
          broken.length > 0 ||
          links ||
          !/^[\x20-\x7E]{1,100}$/u.test(subject) ||
          !plain.isWellFormed()
        ) {
          wrong.push({ kind: content.kind, text, refused, live, broken: broken.length, links, subject })
        }
      }
    }
    expect(wrong.slice(0, 3)).toEqual([])
    expect(said).toBe(20_000)
  },
)
