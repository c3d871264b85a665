import { defineRule } from 'tripline'

/** Addresses of private networks, and what stays on a machine or a link. */
const inside =
  /^(?:10\.|127\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|192\.168\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd]|fe80:|::1$)/iu
const ports = new Set([3389, 5985, 5986])

export default defineRule({
  id: 'AWS.VPCFlow.RemoteDesktopFromOutside',
  displayName: 'Remote desktop reached from the internet',
  severity: 'MEDIUM',
  description: 'A machine let in remote administration (RDP or WinRM) from an address outside: such ports are guessed at all day.',
  runbook: 'Close the port in the security group, and look who signed in to the machine meanwhile.',
  reference: 'https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html',
  tags: ['AWS', 'VPC'],
  logTypes: ['AWS.VPCFlow'],
  evaluate: ({ action, dstPort = 0, srcAddr = '-' }) =>
    action === 'ACCEPT' && ports.has(dstPort) && srcAddr !== '-' && !inside.test(srcAddr),
  title: ({ srcAddr, dstAddr, dstPort }) => `${srcAddr} reached port ${dstPort} of ${dstAddr}`,
  dedup: ({ dstAddr, dstPort }, { accountId }) => `${accountId} ${dstAddr} ${dstPort}`,
  context: ({ interfaceId, instanceId, srcAddr, bytes }) => ({ interfaceId, instanceId, from: srcAddr, bytes }),
  tests: [
    {
      name: 'RDP from outside that is let in matches',
      expected: true,
      event: { action: 'ACCEPT', srcAddr: '203.0.113.12', dstAddr: '172.31.9.12', dstPort: 3389 },
    },
    { name: 'what is rejected is silent', expected: false, event: { action: 'REJECT', srcAddr: '203.0.113.12', dstPort: 3389 } },
    { name: 'a neighbour is silent', expected: false, event: { action: 'ACCEPT', srcAddr: '172.31.9.69', dstPort: 3389 } },
    { name: 'the web is silent', expected: false, event: { action: 'ACCEPT', srcAddr: '203.0.113.12', dstPort: 443 } },
    { name: 'no data is silent', expected: false, event: { status: 'NODATA' } },
  ],
})
