import { lstat, mkdir, readdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBundleFolder, readBundle, restoreBundle } from '#detection'
import { aFolder, type Folder } from './world.ts'

const files = {
  'policies/s3/a.ts': 'a',
  'rules/b.py': '# é\r\n',
  'rules/b.yml': 'AnalysisType: rule\n',
  'README.md': 'not of a detection',
  'a.test.ts': 'nor this',
  'types.d.ts': 'nor this',
  'package.json': '{}',
  '.hidden/c.ts': 'nor this',
  'node_modules/x/index.ts': 'nor this',
}

describe('a bundle', () => {
  let folder: Folder
  beforeAll(async () => {
    folder = await aFolder(files)
  })
  afterAll(async () => {
    await folder[Symbol.asyncDispose]()
  })

  test('is the files of detections below a folder, in any language, the same whatever lies beside them', async () => {
    const content = await readBundle(folder.path)
    expect(content.files.map(({ path, text }) => [path, text])).toEqual([
      ['policies/s3/a.ts', 'a'],
      ['rules/b.py', '# é\r\n'],
      ['rules/b.yml', 'AnalysisType: rule\n'],
    ])
    await using other = await aFolder({
      'rules/b.yml': files['rules/b.yml'],
      'rules/b.py': files['rules/b.py'],
      'policies/s3/a.ts': 'a',
    })
    expect((await readBundle(other.path)).digest).toBe(content.digest)
    await other.write('policies/s3/a.ts', 'b')
    expect((await readBundle(other.path)).digest).not.toBe(content.digest)
  })

  test('lies in a folder that nobody else can read, until it is put away', async () => {
    const content = await readBundle(folder.path)
    let path: string
    {
      await using copy = await openBundleFolder(content)
      path = copy.path
      await copy.keep()
      expect((await lstat(path)).mode & 0o077).toBe(0)
      expect((await lstat(join(path, 'rules/b.py'))).mode & 0o077).toBe(0)
      expect(await readFile(join(path, 'rules/b.py'), 'utf8')).toBe('# é\r\n')
      expect((await readBundle(path)).digest).toBe(content.digest)
    }
    await expect(readdir(path)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('that was changed where it is kept is refused, and so is a path that leads elsewhere', async () => {
    const { digest, files: kept } = await readBundle(folder.path)
    expect(restoreBundle(kept, digest).digest).toBe(digest)
    const changed = kept.map(({ path, text }) => ({ path, text: `${text} ` }))
    expect(() => restoreBundle(changed, digest)).toThrow('was changed where it is kept')
    for (const path of [
      '../x.ts',
      '/etc/x.ts',
      'a/../../x.ts',
      'a//x.ts',
      './x.ts',
      'a\\..\\x.ts',
      'x\0.ts',
      'a/.ssh/x.ts',
      'a./x.ts',
      'x\n.ts',
      'C:x.ts',
    ])
      expect(() => restoreBundle([{ path, text: '' }], digest)).toThrow('given such a path')
    expect(() =>
      restoreBundle(
        [
          { path: 'A.ts', text: '' },
          { path: 'a.ts', text: '' },
        ],
        digest,
      ),
    ).toThrow('only in the case of its letters')
  })

  test.each([
    ['a link to a file', 'is a link', (at: string) => symlink('/etc/passwd', join(at, 'x.ts'))],
    ['a link to a folder', 'is a link', (at: string) => symlink('/etc', join(at, 'x'))],
    ['a name with a line break', 'given such a path', (at: string) => writeFile(join(at, 'x\n.ts'), '')],
    ['what is no text', 'no UTF-8 text', (at: string) => writeFile(join(at, 'x.ts'), Buffer.from([0xc3, 0x28]))],
    ['a NUL', 'no UTF-8 text', (at: string) => writeFile(join(at, 'x.json'), '"\0"')],
    [
      'a file that is too large',
      'allowed: 1048576 a file',
      async (at: string) => {
        await writeFile(join(at, 'x.ts'), '')
        await truncate(join(at, 'x.ts'), 1024 * 1024 + 1)
      },
    ],
    [
      'too deep a folder',
      'given such a path',
      async (at: string) => {
        const deep = join(at, Array.from({ length: 17 }, () => 'd').join('/'))
        await mkdir(deep, { recursive: true })
        await writeFile(join(deep, 'x.ts'), '')
      },
    ],
  ])('with %s is refused by name', async (_, words, make) => {
    await using hostile = await aFolder({ 'good.ts': '' })
    await make(hostile.path)
    await expect(readBundle(hostile.path)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining(words) as string,
    })
  })

  test('is not larger than 20 MiB in all, and not of a folder that is not there', async () => {
    const mebibyte = 'x'.repeat(1024 * 1024)
    await using large = await aFolder(Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`${index}.ts`, mebibyte])))
    await expect(readBundle(large.path)).rejects.toThrow('in all; allowed: 20971520')
    await expect(readBundle(join(large.path, 'nowhere'))).rejects.toMatchObject({ code: 'unreadable' })
  })
})
