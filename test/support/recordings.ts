import { readdirSync, readFileSync } from 'node:fs'
import type { FaultProxy } from './fault-proxy.ts'

/** An answer of AWS for a call that moto does not know, as it stands on the wire. One file each in `test/fixtures/aws/`. */
interface Recording {
  /** Where the form of the answer is described: AWS's API reference or service model. */
  readonly source: string
  /** As in the signature's scope: `redshift`, `waf-regional`. */
  readonly service: string
  readonly operation: string
  readonly status: number
  /** The answer's content type. */
  readonly type: string
  /** Text for XML, JSON as it is. */
  readonly body: unknown
}

const folder = new URL('../fixtures/aws/', import.meta.url)

/** Lets the proxy answer with the recordings whose file names begin so (`waf.`), instead of what is behind it. */
export function playRecordings(proxy: FaultProxy, prefix: string): void {
  for (const file of readdirSync(folder)) {
    if (!file.startsWith(prefix)) continue
    const { service, operation, status, type, body } = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Recording
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    proxy.inject({ service, operation }, { kind: 'text', status, type, body: text })
  }
}
