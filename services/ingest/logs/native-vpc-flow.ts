import type { JsonObject } from '#model'

/** AWS's names of the columns, with Panther's. */
const names: Readonly<Record<string, string>> = {
  version: 'version',
  'account-id': 'account',
  'interface-id': 'interfaceId',
  srcaddr: 'srcAddr',
  dstaddr: 'dstAddr',
  srcport: 'srcPort',
  dstport: 'dstPort',
  protocol: 'protocol',
  packets: 'packets',
  bytes: 'bytes',
  start: 'start',
  end: 'end',
  action: 'action',
  'log-status': 'status',
  'vpc-id': 'vpcId',
  'subnet-id': 'subNetId',
  'instance-id': 'instanceId',
  'tcp-flags': 'tcpFlags',
  type: 'trafficType',
  'pkt-srcaddr': 'pktSrcAddr',
  'pkt-dstaddr': 'pktDstAddr',
  'pkt-src-aws-service': 'pktSrcAwsService',
  'pkt-dst-aws-service': 'pktDstAwsService',
  'flow-direction': 'flowDirection',
  'traffic-path': 'trafficPath',
}
/** Without a header: version 2, in its order. */
const plain = Object.keys(names).slice(0, 14)

/** Names have letters and hyphens alone; a record begins with its version. */
export function isFlowHeader(line: string): boolean {
  return /^[a-z][a-z-]*(?: [a-z][a-z-]*)+$/u.test(line.trim())
}

/** A record of a VPC flow log, in the columns of its header or those of version 2. Columns that came later keep AWS's name. */
export function readFlow(line: string, header: string | null): JsonObject | string {
  const columns = header === null ? plain : header.trim().split(/ +/u)
  const values = line.trim().split(/ +/u)
  if (values.length !== columns.length) return `${values.length} columns; allowed: ${columns.length}, ${columns.join(' ')}`
  return Object.fromEntries(
    columns.flatMap((column, index) => {
      const value = values[index] ?? '-'
      return value === '-' ? [] : [[Object.hasOwn(names, column) ? (names[column] ?? column) : column, value]]
    }),
  )
}
