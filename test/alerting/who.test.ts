import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { slackMessage, terminalMessage } from '#alerting'
import type { Actor, Json, StoredActor } from '#model'
import { readFiles } from '#ingest'
import { actorOf, cases, ofRole, recordOf } from '../ingest/actors.ts'
import { aCause, aFindingAlert, anOutgoing } from '../support/alerts.ts'

const folder = join(import.meta.dirname, '../fixtures')

/** The lines of a message that say who, without the ARN, and from where with what. */
function wordsOf(actor: StoredActor): { who: string; from: string } {
  const alert = aFindingAlert({ cause: { ...aCause(), actor: { ...actor, arn: null } as Actor } })
  const said = slackMessage(anOutgoing({ content: alert }))
  const wire = JSON.parse(JSON.stringify(said)) as { text: string; blocks: Json[]; attachments: Json[] }
  const rows = terminalMessage(wire).split('\n')
  const after = (label: string): string => rows.find((row) => row.startsWith(`• ${label}: `))?.slice(label.length + 4) ?? ''
  return { who: after('Who').replace(/ open the build <.*$/u, ''), from: after('From') }
}

describe('who did it', () => {
  it.each(cases)('$who is shown as $shown', (given) => {
    const actor = actorOf(recordOf(given))
    expect(actor.identity).toBe(given.is)
    const { who, from } = wordsOf(actor)
    expect({ who, from }).toEqual({ who: given.shown, from: given.from ?? from })
  })

  it('is what the documentation says', () => {
    const text = readFileSync(join(import.meta.dirname, '../../docs/who.md'), 'utf8')
    const rows = cases.map(({ who, shown }) => `| ${who} | ${shown} |`)
    expect(rows.filter((row) => !text.includes(row))).toEqual([])
  })

  it('of each write in real records is somebody whom a person recognises', async () => {
    const table = new Map<string, number>()
    for (const name of ['actors/writes.json', 'cloudtrail']) {
      for await (const { body } of readFiles([join(folder, name)])) {
        const record = JSON.parse(body) as Record<string, unknown>
        if (record['readOnly'] === true) continue
        const actor = actorOf(record)
        const { who, from } = wordsOf(actor)
        table.set(`${who} | ${from}`, (table.get(`${who} | ${from}`) ?? 0) + 1)
        expect(actor.name).toMatch(/^(?:bert-jan|stratus-red-team-[\w-]+|i-[0-9a-f]{17}|rds\.amazonaws\.com)$/u)
        expect(actor.tool).not.toBeNull()
      }
    }
    expect(table.size).toBeGreaterThan(8)
    process.stdout.write(`${[...table].map(([row, count]) => `${String(count).padStart(4)}  ${row}`).join('\n')}\n`)
  })

  it('is told from what an older version stored', () => {
    const stored = {
      kind: 'AssumedRole',
      name: 'gina',
      arn: null,
      accountId: null,
      sourceAddress: '192.0.2.1',
      userAgent: 'aws-cli/2.1',
    }
    expect(wordsOf(stored)).toEqual({
      who: 'gina (as the session is called; whose it is, is not known)',
      from: '192.0.2.1',
    })
  })
})

describe('a role that only looks like AWS’s own', () => {
  it.each([
    ['AWSReservedSSO_Admin_0123456789abcdef', 'ceo@acme.example'],
    ['AWSServiceRoleForRDS', 'SLRManagement'],
  ])('%s is not believed: its path is not', (role, session) => {
    const actor = actorOf(recordOf({ identity: ofRole(role, session) }))
    expect(actor).toMatchObject({ identity: 'role-session', claimed: true })
  })

  it('a session called like an instance is only claimed to be one', () => {
    expect(actorOf(recordOf({ identity: ofRole('web', 'i-05c30218156bcc246') }))).toMatchObject({ claimed: true })
  })
})

describe('the page of a build', () => {
  const jobOf = (subject: string, session: string, host = 'token.actions.githubusercontent.com'): Actor['job'] => {
    const identity = { type: 'WebIdentityUser', userName: subject, identityProvider: `arn:aws:iam::1:oidc-provider/${host}` }
    return actorOf(recordOf({ identity, record: { requestParameters: { roleSessionName: session } } })).job
  }
  it.each([
    ['repo:acme/shop:ref:refs/heads/main', 'run-7411223344', 'https://github.com/acme/shop/actions/runs/7411223344'],
    ['repo:acme@12/shop@34:pull_request', 'GitHubActions', 'https://github.com/acme/shop/actions'],
    ['repo:acme/shop"><script>:ref:refs/heads/main', 'x', null],
    ['repo:acme/../../evil:ref:refs/heads/main', 'x', null],
  ])('of %s in session %s is %s', (subject, session, url) => {
    expect(jobOf(subject, session)?.url).toBe(url)
  })

  it('is not made for a provider that only says that it is GitHub', () => {
    expect(jobOf('repo:acme/shop:ref:refs/heads/main', 'x', 'evil.example/token.actions.githubusercontent.com')).toBeNull()
  })

  it('of Terraform Cloud is the run', () => {
    const subject = 'organization:acme:project:Shop:workspace:shop-prod:run_phase:plan'
    expect(jobOf(subject, 'run-AbCdEf0123456789', 'app.terraform.io')).toMatchObject({
      url: 'https://app.terraform.io/app/acme/workspaces/shop-prod/runs/run-AbCdEf0123456789',
    })
  })
})

describe('how it was done', () => {
  const toolOf = (userAgent: string, record: Record<string, unknown> = {}, identity: Record<string, unknown> = ofRole('r', 's')) =>
    actorOf(recordOf({ identity, record: { userAgent, ...record } })).tool
  const terraform =
    'APN/1.0 HashiCorp/1.0 Terraform/1.13.5 (+https://www.terraform.io) terraform-provider-aws/6.21.0 (+https://r.t.io)'
  it.each([
    [terraform, 'terraform', '1.13.5', '6.21.0', false],
    [`[${terraform}]`, 'terraform', '1.13.5', '6.21.0', false],
    ['APN/1.0 OpenTofu/1.9.0 terraform-provider-aws/5.80.0', 'opentofu', '1.9.0', '5.80.0', false],
    [`${terraform} OpenTofu`, 'opentofu', null, '6.21.0', false],
    ['APN/1.0 Pulumi/1.0 PulumiAws/6.66.2 terraform-provider-aws/dev', 'pulumi', '6.66.2', null, false],
    ['aws-cdk/2.170.0 aws-sdk-js/3.600', 'cdk', '2.170.0', null, false],
    ['cloudformation.amazonaws.com', 'cloudformation', null, null, false],
    ['aws-cli/2.31.18 md/awscrt#0.27.6', 'cli', '2.31.18', null, true],
    ['aws-cli/2.31.18 exec-env/CloudShell', 'cli', null, null, true],
    ['Mozilla/5.0 (X11)', 'console', null, null, true],
    ['[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12]', 'console', null, null, true],
    ['Boto3/1.40.71 md/Botocore#1.40.71', 'sdk', '1.40.71', null, false],
    ['stratus-red-team_21b27090-a535-432d-97e9-a519a2bda2fe', 'other', null, null, false],
  ])('%s is %s', (userAgent, kind, version, providerVersion, byHand) => {
    expect(toolOf(userAgent)).toMatchObject({ kind, version, providerVersion, byHand })
  })

  it('the command line in a build is not by hand', () => {
    const provider = 'arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com'
    const identity = ofRole('ci', 'x', { webIdFederationData: { federatedProvider: provider } })
    expect(toolOf('aws-cli/2.31.18', {}, identity)).toMatchObject({ kind: 'cli', byHand: false })
  })

  it('a session that the console opened is the console, whatever service stands between', () => {
    expect(toolOf('AWS Internal', { sessionCredentialFromConsole: 'true' })).toMatchObject({ kind: 'console', byHand: true })
  })

  it('what CloudFormation does for somebody is CloudFormation, whatever the user agent says', () => {
    const identity = { ...ofRole('r', 's'), invokedBy: 'cloudformation.amazonaws.com' }
    expect(toolOf('aws-cli/2.1', { sourceIPAddress: 'cloudformation.amazonaws.com' }, identity)).toMatchObject({
      kind: 'cloudformation',
      byHand: false,
    })
  })
})
