/** `1 resource`, `2 resources`. */
export function counted(count: number, noun: string, nouns = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : nouns}`
}

/** Names, titles and what detections print come from outside: control, bidirectional and zero-width letters must not steer the terminal. */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (letter) => `\\u{${letter.codePointAt(0)?.toString(16) ?? ''}}`)
}

/** The same, on as many lines as it has. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n')
}
