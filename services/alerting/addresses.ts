import { BlockList, isIPv4 } from 'node:net'

/** Addresses that no configuration may open: the cloud's own metadata, and what is no single machine. */
const never = listOf(
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 128],
  ['::ffff:0:0', 96],
  ['64:ff9b::', 32],
  ['2001::', 32],
  ['2002::', 16],
  ['fe80::', 10],
  ['fd00:ec2::', 32],
  ['ff00::', 8],
)
const loopbacks = listOf(['127.0.0.0', 8], ['::1', 128])
const privates = listOf(
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['fc00::', 7],
)

/** True when an address may be connected to. */
export function isAllowed(address: string, allowed: { readonly loopback: boolean; readonly privateNetwork: boolean }): boolean {
  const family = isIPv4(address) ? 'ipv4' : 'ipv6'
  if (loopbacks.check(address, family)) return allowed.loopback
  if (never.check(address, family)) return false
  return allowed.privateNetwork || !privates.check(address, family)
}

/** True for a host that says by itself that it is this machine. */
export function isLoopbackName(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

function listOf(...subnets: readonly (readonly [address: string, bits: number])[]): BlockList {
  const list = new BlockList()
  for (const [address, bits] of subnets) list.addSubnet(address, bits, isIPv4(address) ? 'ipv4' : 'ipv6')
  return list
}
