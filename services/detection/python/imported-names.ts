/** Texts and comments of a Python program: what stands in them imports nothing. */
const silent = /"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'|#[^\n]*|\\\r?\n/gu
const statement = /(?:^|[;:\n])[^\S\n]*(?:import[^\S\n]+([^;\n]+)|from[^\S\n]+([\w.]+)[^\S\n]+import\b)/gu

/** The top-level modules that a Python program imports, wherever in it. */
export function importedNames(code: string): readonly string[] {
  const plain = code.replaceAll(silent, (found) => (found.startsWith('\\') ? ' ' : found.startsWith('#') ? '' : '""'))
  const names = plain
    .matchAll(statement)
    .flatMap(([, listed, from]) => (from === undefined ? (listed ?? '').split(',') : [from]))
    .map((each) => /^\s*(\w+)/u.exec(each)?.[1] ?? '')
  return [...new Set(names)].filter((name) => name !== '')
}
