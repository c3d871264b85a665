import { line } from '#alerting'
import { textAt } from '#model'
import { ConfigError } from '#runtime'
import { openStore, type StoredState } from '#store'
import { readConfig } from '../processes/config.ts'
import { routingOf } from '../processes/routing.ts'

export interface GroupOptions {
  readonly name: string
  readonly config: string
  readonly limit: number
  readonly json: boolean
}

const pageSize = 500

/** `tripline group`: the members of an asset group, as the stored states are now. Exit code 0, also for an empty group; 2 when there is none of that name. */
export async function groupCommand({ name, config: file, limit, json }: GroupOptions): Promise<number> {
  const config = await readConfig(file, process.env)
  const { groups } = routingOf(config).ownership
  const known = groups.groups.map((group) => group.name)
  if (!known.includes(name)) {
    throw new ConfigError('invalid', `group: given ${name}; allowed: ${known.join(', ') || 'what is listed under `groups`'}`)
  }
  await using store = await openStore(config.store)
  let [shown, looked, more] = [0, 0, false]
  let last: StoredState | null = null
  while (!more) {
    const page: readonly StoredState[] = await store.states.page(last, pageSize)
    for (const state of page) {
      looked += 1
      const { accountId, region, type, id, attributes } = state
      if (!groups.isIn(name, { accountId, region, type, id, name: textAt(attributes, 'Name'), attributes })) continue
      if (shown === limit) {
        more = true
        break
      }
      shown += 1
      print(json ? JSON.stringify({ member: { accountId, region, type, id } }) : `${accountId} ${region} ${type} ${line(id, 300)}`)
    }
    last = page.at(-1) ?? null
    if (last === null) break
  }
  if (json) print(JSON.stringify({ summary: { group: name, members: shown, more, looked } }))
  else {
    const rest = more ? ', and more; see them with --limit' : ''
    process.stderr.write(`${shown} ${shown === 1 ? 'member' : 'members'} of ${name}${rest}\n`)
  }
  return 0
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
