import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

// The few rules of the house that a compiler does not hold. Rooms are the folders of `services/`; a room's door is its `index.ts`.
const services = join(import.meta.dirname, '../services')
const rooms = readdirSync(services, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? entry.name : []))
/** What any room may run; and the rooms that join others, and so have no door. */
const [words, joining] = [new Set(['model', 'runtime']), new Set(['processes', 'cli'])]

interface Import {
  readonly from: string
  readonly typesOnly: boolean
}

/** What a file imports and re-exports: `import x from`, `import 'x'`, `export … from`, `import('x')`. */
function importsOf(file: string): readonly Import[] {
  const text = readFileSync(file, 'utf8').replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '')
  const found = text.matchAll(
    /(?:^|;)\s*(?:import|export)\s+(?:(type\s)?([^;'"()]*?)\sfrom\s+)?['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm,
  )
  return [...found].map(([, type, names = '', from, dynamic]) => {
    const listed = /^\{(.*)\}$/s
      .exec(names.trim())?.[1]
      ?.split(',')
      .map((name) => name.trim())
      .filter(Boolean)
    const typesOnly =
      type !== undefined || (listed !== undefined && listed.length > 0 && listed.every((name) => name.startsWith('type ')))
    return { from: from ?? dynamic ?? '', typesOnly }
  })
}

function filesOf(room: string): readonly string[] {
  const entries = readdirSync(join(services, room), { recursive: true, withFileTypes: true })
  return entries.flatMap((entry) => (entry.isFile() && entry.name.endsWith('.ts') ? join(entry.parentPath, entry.name) : []))
}

describe.each(rooms.filter((room) => !joining.has(room)))('room %s', (room) => {
  const imports = filesOf(room).flatMap((file) =>
    importsOf(file).map(({ from, typesOnly }) => ({ file: file.slice(services.length + 1), from, typesOnly })),
  )

  test('takes values only from model, runtime and packages, and types of other rooms through their doors', () => {
    const wrong = imports.filter(({ from, typesOnly }) => {
      const door = /^#(.+)$/.exec(from)?.[1]
      return door !== undefined && door !== room && !words.has(door) && !typesOnly
    })
    expect(wrong).toEqual([])
  })

  test('stays inside: no path leads behind a door', () => {
    const wrong = imports.filter(({ file, from }) => from.startsWith('.') && join(file, '..', from).split('/')[0] !== room)
    expect(wrong).toEqual([])
  })

  // The words are everybody's, so theirs may be more.
  const most = room === 'model' ? 20 : 14
  test(`has a door that only re-exports by name, at most ${most} values, and says what enters and what leaves`, () => {
    const text = readFileSync(join(services, room, 'index.ts'), 'utf8')
    const values = [...text.matchAll(/^export\s+\{([^}]*)\}\s+from/gms)].flatMap(([, names = '']) =>
      names.split(',').flatMap((name) => (name.trim() === '' || name.trim().startsWith('type ') ? [] : name.trim())),
    )
    expect(text).toMatch(/^\/\/ In: .+ Out: .+/)
    expect(text.replaceAll(/^export (?:type )?\{[^}]*\} from '\.\/[\w/-]+\.ts'$|^\/\/.*$/gms, '').trim()).toBe('')
    expect(values.length).toBeLessThanOrEqual(most)
  })
})

test.each([...joining].filter((room) => rooms.includes(room)))('%s joins rooms through their doors', (room) => {
  const wrong = filesOf(room).flatMap((file) =>
    importsOf(file).filter(({ from }) => {
      const target = join(file.slice(services.length), '..', from).split('/')[1] ?? ''
      return from.startsWith('.') && rooms.includes(target) && !joining.has(target)
    }),
  )
  expect(wrong).toEqual([])
})

test('every room has its place in the tour', () => {
  const tour = readFileSync(join(services, 'README.md'), 'utf8')
  expect(rooms.filter((room) => !tour.includes(room))).toEqual([])
})
