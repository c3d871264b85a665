import { LineCounter, isMap, isNode, isSeq, parseDocument, type Document, type ScalarTag } from 'yaml'

/** A specification as its file gives it. */
export interface SpecDocument {
  /** Objects, lists, text, booleans, null; `bigint` for whole numbers, exact, and `number` for others. */
  readonly value: unknown
  /** `line:column` of what stands at a path, or of the nearest thing above it. */
  readonly place: (path: readonly (string | number)[]) => string
}

/** A file is no YAML or JSON. */
export class NotADocument extends Error {
  override readonly name = 'NotADocument'
  /** `line:column`. */
  readonly place: string
  constructor(place: string, message: string) {
    super(message)
    this.place = place
  }
}

/**
 * Reads YAML as Panther's tools do: YAML 1.2, in which only true and false are booleans, times are text and whole numbers are decimal
 * whatever they begin with. JSON is read as JSON.
 */
export function readDocument(text: string, kind: 'yaml' | 'json'): SpecDocument {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    version: '1.2',
    schema: 'failsafe',
    customTags: [...scalars],
    merge: kind === 'yaml',
    prettyErrors: false,
    uniqueKeys: kind === 'yaml',
    logLevel: 'silent',
  })
  const placeOf = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${line}:${col}`
  }
  const place = (path: readonly (string | number)[]): string => placeOf(offsetOf(document, path))
  if (kind === 'json') return { value: readJson(text), place }
  const [error] = document.errors
  if (error !== undefined) throw new NotADocument(placeOf(error.pos[0]), error.message)
  try {
    return { value: document.toJS({ maxAliasCount: 1_000 }) as unknown, place }
  } catch {
    // A few lines of aliases can stand for more than fits into memory.
    throw new NotADocument('1:1', 'its aliases (*) cannot be followed; allowed: up to 1,000 nodes by aliases')
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text, revive as (key: string, value: unknown) => unknown)
  } catch (error) {
    const message = error instanceof Error ? error.message : 'is no JSON'
    const [, line = '1', column = '1'] = /line (\d+) column (\d+)/u.exec(message) ?? []
    throw new NotADocument(`${line}:${column}`, message.replace(/ \(line \d+ column \d+\)/u, ''))
  }
}

/** The source text of a number comes as a third argument, of which the types do not know yet. */
function revive(_key: string, value: unknown, { source = '' }: { readonly source?: string }): unknown {
  return typeof value === 'number' && /^-?\d+$/u.test(source) ? BigInt(source) : value
}

const scalars: readonly ScalarTag[] = [
  { tag: 'tag:yaml.org,2002:null', default: true, test: /^(?:~|null|Null|NULL)?$/u, resolve: () => null },
  {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    test: /^(?:true|True|TRUE|false|False|FALSE)$/u,
    resolve: (word) => /^t/iu.test(word),
  },
  {
    tag: 'tag:yaml.org,2002:int',
    default: true,
    test: /^[-+]?(?:0b[01_]*[01][01_]*|0o[0-7_]*[0-7][0-7_]*|0x[\da-fA-F_]*[\da-fA-F][\da-fA-F_]*|_*\d[\d_]*)$/u,
    resolve: (word) => {
      const digits = word.replaceAll('_', '').replace(/^[-+]/u, '')
      return word.startsWith('-') ? -BigInt(digits) : BigInt(digits)
    },
  },
  {
    tag: 'tag:yaml.org,2002:float',
    default: true,
    test: /^(?:[-+]?(?:\d[\d_]*\.[\d_]*(?:[eE][-+]?\d+)?|\d[\d_]*[eE][-+]?\d+|\.\d[\d_]*(?:[eE][-+]?\d+)?|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN))$/u,
    resolve: (word) => {
      if (/nan$/iu.test(word)) return Number.NaN
      if (/inf$/iu.test(word)) return word.startsWith('-') ? -Infinity : Infinity
      return Number(word.replaceAll('_', ''))
    },
  },
]

function offsetOf(document: Document, path: readonly (string | number)[]): number {
  let node: unknown = document.contents
  let offset = startOf(node) ?? 0
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(key) === String(step))
      if (pair === undefined) return offset
      offset = startOf(pair.key) ?? offset
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(step)]
      offset = startOf(node) ?? offset
    } else return offset
  }
  return offset
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}
