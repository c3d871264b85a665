import { styleText } from 'node:util'

/** Where the play is shown: words for people, or one JSON object a line with the words on stderr. */
export interface Stage {
  say(text: string): void
  message(message: ShownMessage): void
  summary(summary: Readonly<Record<string, number>>): void
}
export interface ShownMessage {
  readonly channel: string
  readonly state: string
  /** Queue to Slack; null for what no event caused. */
  readonly latencyMs: number | null
  /** False: nobody waited for it. */
  readonly expected: boolean
  readonly shown: string
  readonly coloured: string
}

export function createStage(options: { readonly json: boolean; readonly color: boolean }): Stage {
  if (options.json) {
    return {
      say: (text) => void process.stderr.write(`${text}\n`),
      message: ({ channel, state, latencyMs, expected, shown }) =>
        line(JSON.stringify({ channel, state, latencyMs, expected, shown })),
      summary: (summary) => line(JSON.stringify({ summary })),
    }
  }
  const faint = (text: string): string => (options.color ? styleText('dim', text, { validateStream: false }) : text)
  return {
    say: (text) => line(text),
    message({ channel, state, latencyMs, expected, coloured }) {
      const facts = [
        `#${channel}`,
        ...(state === 'new' ? [] : [`the message turns: ${state}`]),
        ...(latencyMs === null ? [] : [`${latencyMs} ms`]),
        ...(expected ? [] : ['NOT EXPECTED']),
      ]
      line(faint(`  ┌─ ${facts.join(' · ')}`))
      for (const row of coloured.split('\n')) line(`${faint('  │')} ${row}`)
      line(faint('  └─'))
    },
    summary: () => undefined,
  }
}

function line(text: string): void {
  process.stdout.write(`${text}\n`)
}
