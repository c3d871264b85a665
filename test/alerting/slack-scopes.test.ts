import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '../..')

/** The scopes that a bot needs for each of Slack's methods, for public and private channels. */
const scopes: Readonly<Record<string, readonly string[]>> = {
  'auth.test': [],
  'chat.postMessage': ['chat:write'],
  'chat.update': ['chat:write'],
  'conversations.history': ['channels:history', 'groups:history'],
  'conversations.info': ['channels:read', 'groups:read'],
  'conversations.list': ['channels:read', 'groups:read'],
  'conversations.replies': ['channels:history', 'groups:history'],
  'users.lookupByEmail': ['users:read', 'users:read.email'],
}

/** Methods of Slack's client that are called anywhere in the code. */
function calledMethods(): ReadonlySet<string> {
  const found = new Set<string>()
  for (const entry of readdirSync(join(root, 'services'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.parentPath.includes('demo')) continue
    const text = readFileSync(join(entry.parentPath, entry.name), 'utf8')
    if (!text.includes('@slack/web-api') && !text.includes('WebClient')) continue
    for (const [, method] of text.matchAll(
      /\.((?:admin|auth|bots|chat|conversations|files|pins|reactions|team|usergroups|users|views)\.[A-Za-z.]+)\(/gu,
    )) {
      if (method !== undefined) found.add(method)
    }
  }
  return found
}

it('the manifest asks Slack for exactly the scopes of the methods that are called', () => {
  const called = calledMethods()
  expect([...called].filter((method) => scopes[method] === undefined)).toEqual([])
  expect(called).toContain('chat.postMessage')
  const needed = [...new Set([...called].flatMap((method) => scopes[method] ?? []))].toSorted()
  const manifest = parse(readFileSync(join(root, 'docs/slack-app.yaml'), 'utf8')) as {
    oauth_config: { scopes: { bot: string[] } }
  }
  expect(manifest.oauth_config.scopes.bot).toEqual(needed)
})
