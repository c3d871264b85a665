import { mkdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { openFolders, type FoldersContent, type OpenFolders } from '#detection'
import { until } from '../support/until.ts'
import { aFolder, type Folder } from './world.ts'

const times = { leastMs: 5, goneMs: 300 }
let folder: Folder
afterEach(() => folder[Symbol.asyncDispose]())

const texts = ({ files, folders: [root = ''] }: FoldersContent): Readonly<Record<string, string>> =>
  Object.fromEntries(files.map(({ path, content }) => [path.slice(root.length + 1), Buffer.from(content).toString()]))
async function next(open: OpenFolders): Promise<Readonly<Record<string, string>>> {
  return texts(await until('a change', () => open.look()))
}
/** Looks so often that what has changed would have been read. */
async function stays(open: OpenFolders, ms = 60): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end;) {
    expect(await open.look()).toBeNull()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('a changed file is read once it stays as it is; one that was only touched changes nothing, nor does what is no source', async () => {
  folder = await aFolder({ 'rules/a.ts': 'a', 'rules/b.py': 'b', 'README.md': '1', 'node_modules/x.ts': 'x' })
  const open = await openFolders([folder.path], times)
  expect(texts(open.content)).toEqual({ 'rules/a.ts': 'a', 'rules/b.py': 'b' })
  await folder.write('rules/a.ts', 'a')
  await folder.write('README.md', '2')
  await stays(open)
  await folder.write('rules/b.py', 'c')
  expect(await next(open)).toEqual({ 'rules/a.ts': 'a', 'rules/b.py': 'c' })
  await folder.write('rules/c.yml', 'new')
  expect(await next(open)).toHaveProperty(['rules/c.yml'], 'new')
  // As long as it is written again and again it is not whole.
  for (let part = 1; part < 10; part += 1) {
    await folder.write('rules/a.ts', 'a'.repeat(part))
    expect(await open.look()).toBeNull()
    await new Promise((resolve) => setTimeout(resolve, 6))
  }
  expect(await next(open)).toHaveProperty(['rules/a.ts'], 'aaaaaaaaa')
})

test('files that are gone for a moment are not taken away; gone for longer they are; and a folder that is gone is an error', async () => {
  folder = await aFolder({ 'a.ts': 'a', 'b.ts': 'b' })
  const open = await openFolders([folder.path], times)
  await rm(join(folder.path, 'b.ts'))
  await stays(open, 100)
  await folder.write('b.ts', 'b')
  await stays(open)
  await rm(join(folder.path, 'b.ts'))
  expect(await next(open)).toEqual({ 'a.ts': 'a' })
  await rename(folder.path, `${folder.path}-away`)
  await until('the error', () =>
    open.look().then(
      () => false,
      (error: unknown) => String(error).includes('no such file or folder'),
    ),
  )
  await rename(`${folder.path}-away`, folder.path)
  await stays(open)
})

test('a mounted config map is followed when it is replaced as a whole; a link that leads elsewhere is named', async () => {
  folder = await aFolder({ '..1/a.ts': 'one', '..2/a.ts': 'two', '..1/policies/p.py': 'p', '..2/policies/p.py': 'p' })
  const at = (name: string): string => join(folder.path, name)
  await symlink('..1', at('..data'))
  await symlink('..data/a.ts', at('a.ts'))
  await symlink('..data/policies', at('policies'))
  const open = await openFolders([folder.path], times)
  expect([texts(open.content), open.content.broken]).toEqual([{ 'a.ts': 'one', 'policies/p.py': 'p' }, []])
  await symlink('..2', at('..next'))
  await rename(at('..next'), at('..data'))
  expect(await next(open)).toEqual({ 'a.ts': 'two', 'policies/p.py': 'p' })
  // Round in a circle, out of the folder, and to a folder that is gone.
  await symlink('.', at('again'))
  await symlink('/etc/passwd', at('out.py'))
  await symlink('..3/rules', at('rules'))
  const content = await until('the links', () => open.look())
  expect(texts(content)).toEqual({ 'a.ts': 'two', 'policies/p.py': 'p' })
  const message = expect.stringContaining('leads nowhere') as string
  const broken = content.broken.toSorted((a, b) => (a.file < b.file ? -1 : 1))
  expect(broken).toMatchObject(['out.py', 'rules'].map((name) => ({ file: at(name), message })))
})

test('a folder that is a link to a release is followed to the next one, with the helpers that lie around it', async () => {
  folder = await aFolder({
    'one/rules/a.py': 'a',
    'one/global_helpers/g.py': 'g',
    'two/rules/a.py': 'a2',
    'two/global_helpers/g.py': 'g2',
  })
  const current = join(folder.path, 'current')
  await symlink('one', current)
  const open = await openFolders([join(current, 'rules')], times)
  const all = ({ files }: FoldersContent) =>
    files.map(({ path, content }) => [path.slice(folder.path.length), Buffer.from(content).toString()])
  expect(all(open.content)).toEqual([
    ['/one/global_helpers/g.py', 'g'],
    ['/one/rules/a.py', 'a'],
  ])
  await unlink(current)
  await symlink('two', current)
  expect(all(await until('the release', () => open.look().catch(() => null)))).toEqual([
    ['/two/global_helpers/g.py', 'g2'],
    ['/two/rules/a.py', 'a2'],
  ])
  await mkdir(join(folder.path, 'two/rules/b'))
  await writeFile(join(folder.path, 'two/rules/b/b.json'), '{}')
  expect(all(await until('the file', () => open.look()))).toHaveLength(3)
})
