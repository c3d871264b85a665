import type { AlertContent, Json, SummaryAlert } from '#model'
import { controls } from '../../services/processes/demo/slack-rules.ts'
import { aCause, aFindingAlert, aPlace } from './alerts.ts'

/** Pieces that mean something to Slack, mail readers, terminals, JSON or people's eyes. */
const pieces = [
  '<!channel>',
  '<!here>',
  '<!everyone>',
  '<@U1>',
  '<@U012AB3CD>',
  '<#C1|general>',
  '<!subteam^S1>',
  '<!date^1|x>',
  '&lt;!channel&gt;',
  '&amp;',
  '<https://evil.example|click me>',
  'https://evil.example/a?b=c#d',
  'www.evil.example',
  'mailto:a@evil.example',
  '<mailto:a@evil.example|x>',
  'javascript:alert(1)',
  '@channel',
  '@here',
  '[x](https://evil.example)',
  '<script>alert(1)</script>',
  '<',
  '>',
  '|',
  '&',
  '<<!channel>>',
  '< !channel>',
  '<\u200B!channel>',
  '*bold*',
  '_it_',
  '~no~',
  '`code`',
  '```',
  '> quote',
  ':boom:',
  '\n',
  '\r\n',
  '\t',
  '\u0000',
  '\u0007',
  '\u001B[31m',
  '\u001B]8;;https://evil.example\u0007',
  '\u202E',
  '\u2066',
  '\u200B',
  '\uFEFF',
  '\u2028',
  '\uD83D',
  '\uDE00',
  '😀',
  '👨‍👩‍👧‍👦',
  'ü',
  '日本',
  'Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢',
  '"',
  "'",
  '\\',
  '{"a":1}',
  '__proto__',
  'constructor',
  '${7*7}',
  '%s%n',
  '../..',
  ' ',
  'arn:aws:s3:::ledger',
  'x'.repeat(3_000),
  '&<>'.repeat(700),
  '\u3164',
  '\u{E0041}',
]

/** Texts made of such pieces, the same for the same seed. */
export function hostileTexts(count: number, seed: number): readonly string[] {
  let state = seed
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  return Array.from({ length: count }, () =>
    Array.from({ length: next(8) }, () => pieces[next(pieces.length)] ?? '').join(next(3) === 0 ? ' ' : ''),
  )
}

export const aSummary: SummaryAlert = {
  kind: 'summary',
  origin: 'baseline',
  total: 2,
  bySeverity: { CRITICAL: 2 },
  byDetection: [{ displayName: 'S3 bucket is publicly readable', severity: 'CRITICAL', count: 2 }],
  critical: [{ title: 'Bucket ledger is publicly readable', place: aPlace() }],
}
/** An alert in which everything that comes from outside is the given text. */
export function everywhere(text: string): readonly AlertContent[] {
  const place = aPlace({ accountName: text, resourceId: text, resourceName: text, resourceType: text, region: text })
  const actor = { kind: text, name: text, arn: text, accountId: text, sourceAddress: text, userAgent: text }
  const cause = aCause({ name: text, source: text, eventId: text, actor })
  const finding = aFindingAlert({
    title: text,
    why: text,
    // Its author may link; everybody else's words may not.
    runbook: `see ${text}`,
    reference: null,
    place,
    cause,
    differences: [
      { path: text, before: text, after: { Tags: { [text]: text } } },
      { path: 'Tags', before: null, after: text },
    ],
    context: { [text]: text, list: [text] },
    detection: { id: text, kind: 'policy', displayName: text },
  })
  const ended = { how: 'fixed', at: '2026-11-21T14:30:00Z', cause } as const
  const named = [{ title: text, place }]
  const counted = [{ displayName: text, severity: 'HIGH' as const, count: 1 }]
  return [
    finding,
    { ...finding, ended, differences: [], summary: [{ path: text, values: [{ value: text, count: 2 }], others: 1 }] },
    { ...aSummary, critical: named, byDetection: counted },
    { kind: 'note', title: text, text },
  ]
}

/** What Slack would make a link or a mention of, but for our own links to AWS's console. */
export function liveIn(text: string, blocks: readonly Json[] = [], attachments: readonly Json[] = []): readonly string[] {
  const ours = /^https:\/\/(?:[\w-]+\.)*(?:console\.aws\.amazon\.com|console\.amazonaws-us-gov\.com|console\.amazonaws\.cn)\//u
  return controls(text, blocks, attachments).filter((each) => !ours.test(each))
}
