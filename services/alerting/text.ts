/** Characters that hide, reorder or command: controls, bidi, zero-width, tags, line separators, fillers. Shown, so that nothing is hidden. */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115F\u1160\u3164\uFFA0]|\u034F|\u17B4|\u17B5/gu

/** Outside text made safe to look at, on one line, cut at whole characters. Markup is escaped later, by the one who writes markup. */
export function line(text: string, most: number): string {
  return cut(
    shown(text, most)
      .replaceAll(/[\n ]+/gu, ' ')
      .trim(),
    most,
  )
}

/** As `line`, but line ends stay (at most two in a row). */
export function lines(text: string, most: number): string {
  return cut(
    shown(text, most)
      .replaceAll(/\n{3,}/gu, '\n\n')
      .trim(),
    most,
  )
}

/** Cut to `most` UTF-16 units, never inside a character, with `…` where something is left out. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text
  const kept = text.slice(0, Math.max(0, most - 1))
  return `${isHigh(kept.charCodeAt(kept.length - 1)) ? kept.slice(0, -1) : kept}…`
}

/** Slack's escape, for the texts in which `<…>` means something. Cut first: the result keeps within `most` and never ends inside an entity. */
export function escapeMarkup(text: string, most: number): string {
  let escaped = ''
  for (const character of text) {
    const next = character === '&' ? '&amp;' : character === '<' ? '&lt;' : character === '>' ? '&gt;' : character
    if (escaped.length + next.length > most - 1) return `${escaped}…`
    escaped += next
  }
  return escaped
}

/** What a reader sees of an escaped text. */
export function unescapeMarkup(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}

/** The length is capped before any pattern runs. */
function shown(text: string, most: number): string {
  return text
    .slice(0, most * 2 + 100)
    .toWellFormed()
    .replaceAll('\r\n', '\n')
    .replaceAll('\t', ' ')
    .replaceAll(invisible, (found) => (found === '\n' ? found : nameOf(found)))
    .replaceAll(/(\p{M}{3})\p{M}+/gu, '$1')
}

function nameOf(character: string): string {
  return `‹U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}›`
}
