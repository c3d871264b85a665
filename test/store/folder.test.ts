import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { openStore } from '#store'

const folders: string[] = []
const children: ChildProcess[] = []
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tripline-store-'))
  folders.push(folder)
  return join(folder, 'data')
}

/** Another process with the store open, and one claimed event in it. */
async function otherProcess(folder: string): Promise<ChildProcess> {
  const code = `
    import { openStore } from '#store'
    const store = await openStore({ folder: ${JSON.stringify(folder)} })
    await store.inbox.claim([{ accountId: '1', region: 'r', eventId: 'e', time: new Date() }])
    process.stdout.write('open')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  await once(child.stdout, 'data')
  return child
}

describe('the data folder', () => {
  it('keeps what was written, and is free again once closed', async () => {
    const folder = await aFolder()
    const key = { accountId: '1', region: 'r', eventId: 'e', time: new Date() }
    {
      await using store = await openStore({ folder })
      expect(await store.inbox.claim([key])).toEqual(new Set([0]))
      await expect(openStore({ folder })).rejects.toMatchObject({ code: 'folder-in-use' })
    }
    await using again = await openStore({ folder })
    expect(await again.inbox.claim([key])).toEqual(new Set())
  })

  it('refuses a second process, naming the first and the folder, and takes over when that was killed', async () => {
    const folder = await aFolder()
    const child = await otherProcess(folder)
    await expect(openStore({ folder })).rejects.toMatchObject({
      code: 'folder-in-use',
      message: expect.stringMatching(new RegExp(`${folder}.*process ${child.pid} `)) as string,
    })
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    await using store = await openStore({ folder })
    expect(await store.inbox.claim([{ accountId: '1', region: 'r', eventId: 'e', time: new Date() }])).toEqual(new Set())
  })
})
