import type { FaultProxy } from '../support/fault-proxy.ts'

/** Lets accounts have no other regions than these: to ask all that moto knows takes long. */
export function onlyRegions(proxy: FaultProxy, ...names: readonly string[]): void {
  const items = names.map((name) => `<item><regionName>${name}</regionName></item>`)
  const body = `<DescribeRegionsResponse><requestId>1</requestId><regionInfo>${items.join('')}</regionInfo></DescribeRegionsResponse>`
  proxy.inject({ service: 'ec2', operation: 'DescribeRegions' }, { kind: 'text', status: 200, type: 'text/xml', body })
}
