import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

// EC2 and STS on the wire, as far as listing and describing many security groups needs them: what moto cannot hold.

export const accountId = '111111111111'
export const region = 'us-east-1'

export interface Groups {
  readonly endpoint: string
  /** How many groups there are. */
  count: number
  /** Groups are tagged `team=team-0`, `team=team-1`, … in turn; 0 for no tags. */
  teams: number
  /** Opens a group's port 22 to the world. */
  open(index: number): void
  /** Closes all, and brings back what was removed. */
  close(): void
  remove(index: number): void
  stop(): void
}

/** Answers at once, so that what is measured is ours. */
export async function startGroups(pageSize = 1_000): Promise<Groups> {
  const opened = new Set<number>()
  const removed = new Set<number>()
  const groups = { count: 0, teams: 0 }
  const server = createServer((incoming, outgoing) => {
    let text = ''
    incoming.on('data', (chunk: Buffer) => (text += chunk.toString()))
    incoming.on('end', () => {
      outgoing.setHeader('content-type', 'text/xml')
      const given = answer(new URLSearchParams(text), groups, pageSize, opened, removed)
      outgoing.statusCode = given === null ? 400 : 200
      outgoing.end(given ?? notFound)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(groups, {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    open: (index: number) => void opened.add(index),
    close: () => {
      opened.clear()
      removed.clear()
    },
    remove: (index: number) => void removed.add(index),
    stop: () => {
      server.closeAllConnections()
      server.close()
    },
  })
}

const notFound =
  '<Response><Errors><Error><Code>InvalidGroup.NotFound</Code><Message>The security group does not exist</Message></Error></Errors><RequestID>1</RequestID></Response>'

/** Null when there is no such group. */
function answer(
  call: URLSearchParams,
  { count, teams }: { readonly count: number; readonly teams: number },
  pageSize: number,
  opened: ReadonlySet<number>,
  removed: ReadonlySet<number>,
): string | null {
  const action = call.get('Action') ?? ''
  if (action === 'AssumeRole') {
    const expires = new Date(Date.now() + 3_600_000).toISOString()
    const keys = `<AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>x</SecretAccessKey><SessionToken>x</SessionToken><Expiration>${expires}</Expiration>`
    const user = `<Arn>arn:aws:sts::${accountId}:assumed-role/audit/tripline</Arn><AssumedRoleId>AROA:tripline</AssumedRoleId>`
    return `<AssumeRoleResponse><AssumeRoleResult><Credentials>${keys}</Credentials><AssumedRoleUser>${user}</AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>`
  }
  const wanted = call.get('GroupId.1')
  if (wanted !== null) {
    const index = Number.parseInt(wanted.slice(3), 16)
    if (index >= count || removed.has(index)) return null
    return groupsXml([groupXml(index, opened, teams)], null)
  }
  const from = Number(call.get('NextToken') ?? '0')
  const to = Math.min(count, from + pageSize)
  const indices = Array.from({ length: to - from }, (_, index) => from + index).filter((index) => !removed.has(index))
  const page = indices.map((index) => groupXml(index, opened, teams))
  return groupsXml(page, to < count ? String(to) : null)
}

function groupsXml(groups: readonly string[], next: string | null): string {
  const token = next === null ? '' : `<nextToken>${next}</nextToken>`
  return `<DescribeSecurityGroupsResponse><securityGroupInfo>${groups.join('')}</securityGroupInfo>${token}</DescribeSecurityGroupsResponse>`
}

function groupXml(index: number, opened: ReadonlySet<number>, teams: number): string {
  const tags = teams === 0 ? '' : `<tagSet><item><key>team</key><value>team-${index % teams}</value></item></tagSet>`
  const range = opened.has(index) ? '0.0.0.0/0' : '10.0.0.0/8'
  const rule = `<item><ipProtocol>tcp</ipProtocol><fromPort>22</fromPort><toPort>22</toPort><ipRanges><item><cidrIp>${range}</cidrIp></item></ipRanges></item>`
  return `<item><ownerId>${accountId}</ownerId><groupId>${idOf(index)}</groupId><groupName>group-${index}</groupName><groupDescription>bench</groupDescription><vpcId>vpc-0123456789abcdef0</vpcId><ipPermissions>${rule}</ipPermissions>${tags}</item>`
}

export function idOf(index: number): string {
  return `sg-${index.toString(16).padStart(17, '0')}`
}

export function arnOf(index: number): string {
  return `arn:aws:ec2:${region}:${accountId}:security-group/${idOf(index)}`
}
