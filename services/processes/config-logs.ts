import { join } from 'node:path'
import * as z from 'zod'
import type { LogSchema } from '#ingest'
import { nearest } from '#runtime'
import { accountId, name, type Misfit } from './config-routing.ts'

// The keys of `tripline.yaml` that say which log a source carries, and where the formats of logs are declared.

/** The schemas that come with Tripline, wherever it is started. */
export const shippedSchemas = join(import.meta.dirname, '../ingest/schemas')

export const logKeys = {
  logType: name.optional(),
  /** Whose records these may be. */
  accounts: z.array(accountId).min(1).optional(),
}
/** A bucket may hold several logs. */
export const bucketLogKeys = { ...logKeys, logTypesByPrefix: z.record(name, name).optional() }

interface Carrying {
  readonly logType?: string | undefined
  readonly accounts?: readonly string[] | undefined
  readonly logTypesByPrefix?: Readonly<Record<string, string>> | undefined
  readonly logTypesByTopic?: Readonly<Record<string, string>> | undefined
}

/** Log types that no schema declares, strangers among the accounts, and what says two things. */
export function logMisfits(
  config: { readonly sources: readonly object[]; readonly accounts: readonly { readonly id: string }[] },
  schemas: readonly LogSchema[],
): readonly Misfit[] {
  const names = schemas.map((schema) => schema.name)
  const known = new Set(config.accounts.map(({ id }) => id))
  const unknown = (given: string): string => `allowed: a log type that a schema declares, as ${nearest(given, names).join(', ')}`
  return config.sources.flatMap((source, index) =>
    Object.entries(source as Readonly<Record<string, Carrying>>).flatMap(([kind, carrying]) =>
      misfitsOf(carrying).map(({ path, allowed }) => ({
        path: (['sources', index, kind] as (string | number)[]).concat(path),
        allowed,
      })),
    ),
  )

  function misfitsOf({ logType, accounts = [], logTypesByPrefix, logTypesByTopic }: Carrying): readonly Found[] {
    const named = Object.entries({ logTypesByPrefix, logTypesByTopic }).flatMap(([key, by = {}]) =>
      Object.entries(by).map(([each, given]) => ({ path: [key, each], given })),
    )
    const all = logType === undefined ? named : [{ path: ['logType'], given: logType }, ...named]
    const found: Found[] = all
      .filter(({ given }) => !names.includes(given))
      .map(({ path, given }) => ({ path, allowed: unknown(given) }))
    for (const [at, id] of accounts.entries())
      if (!known.has(id)) found.push({ path: ['accounts', at], allowed: 'allowed: accounts listed under `accounts`' })
    if (logType !== undefined && logTypesByPrefix !== undefined)
      found.push({ path: ['logTypesByPrefix'], allowed: 'allowed: this or logType, not both' })
    if (accounts.length > 0 && all.length === 0)
      found.push({ path: ['accounts'], allowed: 'allowed: only with the log type that the source carries' })
    return found
  }
}

interface Found {
  readonly path: (string | number)[]
  readonly allowed: string
}
