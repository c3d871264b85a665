import { decode, touches, type Touch, type Trust } from '#ingest'
import { aRecord } from './records.ts'

/** What a test says of a call; the rest is as AWS writes it. */
export type Call = Omit<Parameters<typeof aRecord>[0], 'account' | 'source'>

const trust: Trust = { accounts: null, regions: null, times: 'any' }

/** What a call of account 111111111111 to a service (`lambda`) touches. */
export function touched(service: string, call: Call): readonly Touch[] {
  const record = aRecord({ account: '111111111111', source: `${service}.amazonaws.com`, ...call })
  const { events, rejected } = decode(JSON.stringify(record), trust)
  if (rejected.length > 0) throw new Error(`rejected: ${JSON.stringify(rejected)}`)
  return events.flatMap(({ event }) => touches(event))
}

/** Touches in short, for tables of tests: `update us-east-1 arn:…`. */
export function inShort(list: readonly Touch[]): readonly string[] {
  return list.map(({ kind, ref }) => `${kind} ${ref.region} ${ref.id}`)
}
