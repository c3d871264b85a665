import { setTimeout as wait } from 'node:timers/promises'
import { expect } from 'vitest'
import { createSessions } from '#aws'
import { createInventory, type Fetched, type Inventory } from '#inventory'
import type { JsonObject, ResourceRef } from '#model'
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import { idsOf } from '../support/ids.ts'
import { credentialsOf, startMoto, type Credentials } from '../support/moto.ts'
import { deviations, shapes } from './conforms.ts'

/** An inventory that reads a moto through a fault proxy. */
export interface Stand extends AsyncDisposable {
  readonly inventory: Inventory
  readonly proxy: FaultProxy
  /** For clients that change what is there. */
  options(accountId: string, region?: string): Promise<{ endpoint: string; region: string; credentials: Credentials }>
  list(type: string, accountId?: string, region?: string): Promise<readonly string[]>
  fetch(type: string, id: string, accountId?: string, region?: string): Promise<Fetched>
  /** Waits until no call of an earlier fetch comes any more, and forgets what was seen. */
  quiet(): Promise<void>
  /** The attributes of a resource that is there; fails when they are not of the expected shape. */
  attributes(type: string, id: string): Promise<JsonObject>
}

export const [one, two] = ['111111111111', '222222222222'] as const
const credentials = { accessKeyId: 'testing', secretAccessKey: 'testing', sessionToken: 'testing' }

export async function openStand(): Promise<Stand> {
  const moto = await startMoto()
  // Moto imports the service on its first call, which takes longer than a fetch may.
  await credentialsOf(moto.endpoint, one)
  const proxy = await startFaultProxy(moto.endpoint)
  const inventory = createInventory({
    sessions: createSessions({ roleName: 'audit', externalId: 'x-1', endpoint: proxy.endpoint, credentials }),
  })
  const soon = (): AbortSignal => AbortSignal.timeout(60_000)
  const regionOf = (type: string, region = 'eu-west-1'): string => (inventory.scope(type) === 'global' ? 'global' : region)
  const fetch: Stand['fetch'] = (type, id, accountId = one, region?: string) => {
    const ref: ResourceRef = { accountId, region: regionOf(type, region), type, id }
    return inventory.fetch(ref, soon())
  }
  return {
    inventory,
    proxy,
    options: async (accountId, region = 'eu-west-1') => ({
      endpoint: moto.endpoint,
      region,
      credentials: await credentialsOf(moto.endpoint, accountId),
    }),
    list: (type, accountId = one, region?: string) =>
      idsOf(inventory.list({ accountId, region: regionOf(type, region), type }, null, soon())),
    fetch,
    async quiet() {
      for (let last = -1; last !== proxy.seen.length;) {
        last = proxy.seen.length
        await wait(50)
      }
      proxy.clear()
    },
    async attributes(type, id) {
      const fetched = await fetch(type, id)
      if (fetched.status === 'gone') throw new Error(`${id} is gone`)
      expect(deviations(shapes[type], fetched.attributes)).toEqual([])
      expect(fetched.attributes).toMatchObject({ AccountId: one, Arn: id, ResourceId: id, ResourceType: type })
      return fetched.attributes
    },
    async [Symbol.asyncDispose]() {
      await proxy.stop()
      await moto.stop()
    },
  }
}
