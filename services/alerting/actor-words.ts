import { wholeActor, type Actor, type Job, type StoredActor, type Tool } from '#model'
import { line } from './text.ts'

/** Who acted, in words. All of it is safe to look at and still to be escaped where markup means something. */
export interface ActorWords {
  readonly name: string
  /** What kind of somebody, and through what they acted: `Identity Center, Engineer`. */
  readonly what: string
  readonly arn: string | null
  /** The build's page; made of checked parts, so that it may be linked. */
  readonly page: string | null
  /** The person's id at Slack, when the person is to be mentioned. */
  readonly mention: string | null
  /** `198.51.100.7 with aws-cli 2.15.30`; null when the record names neither. */
  readonly from: string | null
}

/** The words for an actor, whichever version of us stored it. */
export function actorInWords(stored: StoredActor): ActorWords {
  const actor = wholeActor(stored)
  const behalf = actor.via.filter((each) => !isSaid(actor, each)).map((each) => line(shortRole(each), 80))
  const called =
    actor.person === null || actor.person === undefined || actor.person.name === actor.name ? null : line(actor.name, 120)
  const what = [called, kindOf(actor), behalf.length === 0 ? null : `via ${behalf.slice(0, 6).join(' → ')}`, noMfa(actor)]
  return {
    name: line(actor.person?.name ?? actor.name, 120),
    what: what.filter((each) => each !== null).join(', '),
    arn: actor.arn === null ? null : line(actor.arn, 300),
    page: actor.job?.url ?? null,
    mention: actor.person?.slackId ?? null,
    from: fromOf(actor),
  }
}

/** One line for where there is room for no more: `bob, DeleteBucketPolicy with Terraform 1.9.2`. */
export function actionInWords({ actor, name }: { readonly actor: StoredActor; readonly name: string }): string {
  const { tool, name: own, person } = wholeActor(actor)
  const who = person?.name ?? own
  return `${line(who, 100)}, ${line(name, 60)}${tool === null ? '' : ` with ${toolInWords(tool)}`}`
}

/** `Terraform 1.9.2 (AWS provider 5.1)` */
function toolInWords({ name, version, providerVersion }: Tool): string {
  const versions = `${version === null ? '' : ` ${version}`}${providerVersion === null ? '' : ` (AWS provider ${providerVersion})`}`
  return line(`${name}${versions}`, 90)
}

const jobs: Readonly<Record<Job['provider'], string>> = {
  github: 'GitHub Actions',
  gitlab: 'GitLab CI',
  'terraform-cloud': 'Terraform Cloud',
}

function kindOf(actor: Actor): string {
  const { identity, kind, job, via } = actor
  switch (identity) {
    case 'root':
      return 'the account’s root user'
    case 'iam-user':
      return 'IAM user'
    case 'identity-center': {
      const permissions = permissionSetOf(via[0] ?? '')
      return permissions === null ? 'Identity Center' : `Identity Center, ${line(permissions, 80)}`
    }
    case 'saml':
      return 'SAML sign-in'
    case 'web-identity':
      return 'web identity'
    case 'ci-job':
      return job === null ? 'a build' : [jobs[job.provider], job.workflow === null ? null : refOf(job)].filter(Boolean).join(', ')
    case 'federated-user':
      return 'federated user'
    case 'role-session':
      return actor.claimed ? 'as the session is called; whose it is, is not known' : 'a role; whose session it is, is not known'
    case 'workload':
      return /^i-[0-9a-f]+$/u.test(actor.name) ? 'EC2 instance' : 'a program in AWS'
    case 'service-linked-role':
    case 'aws-service':
      return 'AWS service'
    case 'other-account':
      return 'from another account'
    case 'anonymous':
      return 'anonymous'
    default:
      return line(kind, 40)
  }
}

function refOf({ ref }: Job): string | null {
  return ref === null ? null : line(ref, 80)
}

/** What the words before it say already. */
function isSaid({ identity, name }: Actor, via: string): boolean {
  return via === name || identity === 'service-linked-role' || (identity === 'identity-center' && permissionSetOf(via) !== null)
}

function shortRole(role: string): string {
  return permissionSetOf(role) ?? role.replace(/\.amazonaws\.com$/u, '')
}

/** Identity Center names its roles `AWSReservedSSO_PERMISSIONSET_0123456789abcdef`. */
function permissionSetOf(role: string): string | null {
  return /^AWSReservedSSO_(.{1,40})_[0-9a-f]{16}$/u.exec(role)?.[1] ?? null
}

/** Of roles AWS says `false` nearly always, also where the sign-in had a second factor. */
function noMfa({ identity, mfa }: Actor): string | null {
  return mfa === false && (identity === 'root' || identity === 'iam-user') ? 'without MFA' : null
}

function fromOf({ sourceAddress, tool }: Actor): string | null {
  const words = tool === null ? null : toolInWords(tool)
  if (sourceAddress === null) return words === null ? null : `an unknown address with ${words}`
  // A call on somebody's behalf names the service as the address.
  const address = line(sourceAddress, 100)
  return words === null || /\.amazonaws\.com$|^AWS Internal$/u.test(address) ? (words ?? address) : `${address} with ${words}`
}
