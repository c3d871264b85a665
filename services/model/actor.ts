/**
 * What kind of somebody acted. `workload`: a machine's own role, as an instance's; `role-session`: a role, by whom is not known yet;
 * `report`: nobody acted, a finding or a log says what was seen.
 */
export type Identity =
  | 'root'
  | 'iam-user'
  | 'identity-center'
  | 'saml'
  | 'web-identity'
  | 'ci-job'
  | 'federated-user'
  | 'role-session'
  | 'workload'
  | 'service-linked-role'
  | 'aws-service'
  | 'other-account'
  | 'anonymous'
  | 'report'
  | 'unknown'

/** A run of a build that acted through its identity provider. */
export interface Job {
  readonly provider: 'github' | 'gitlab' | 'terraform-cloud'
  /** `acme/shop`; an organisation and workspace at Terraform Cloud. */
  readonly repository: string
  /** The workflow's file, or the phase of a Terraform run. */
  readonly workflow: string | null
  /** The branch, tag or environment it ran for. */
  readonly ref: string | null
  readonly run: string | null
  /** Built here from checked parts, so that it may be a link. */
  readonly url: string | null
}

/** What the call was made with: a label, never a reason to look away. */
export interface Tool {
  readonly kind:
    | 'terraform'
    | 'opentofu'
    | 'cloudformation'
    | 'cdk'
    | 'pulumi'
    | 'ansible'
    | 'console'
    | 'cli'
    | 'sdk'
    | 'aws'
    | 'other'
  /** As people call it. */
  readonly name: string
  readonly version: string | null
  /** Of Terraform's and OpenTofu's AWS provider. */
  readonly providerVersion: string | null
  /** A person at a console or a shell, as far as can be told. */
  readonly byHand: boolean
}

/** Somebody in the directory. */
export interface Person {
  readonly name: string
  readonly email: string | null
  /** Set where the person is to be mentioned. From the configuration or from Slack, never out of an event. */
  readonly slackId: string | null
}

/** Who acted, as the record tells, completed by what was found out. Texts come from outside and are hostile until escaped. */
export interface Actor {
  /** CloudTrail's `userIdentity.type`: Root, IAMUser, AssumedRole, AWSService, … */
  readonly kind: string
  readonly identity: Identity
  /** The shortest name a person recognises: the human, build or service at the beginning. */
  readonly name: string
  /** The name is what the caller chose to be called (a session's name), and nothing confirms it. */
  readonly claimed: boolean
  /** What stands between the one who is named and the call, from there on: roles, services. */
  readonly via: readonly string[]
  readonly job: Job | null
  /** Put in when it is told, never stored. */
  readonly person?: Person | null
  readonly arn: string | null
  readonly accountId: string | null
  readonly accessKeyId: string | null
  readonly session: {
    readonly roleArn: string
    readonly name: string | null
    /** The identity provider, where the record names it. */
    readonly provider: string | null
  } | null
  /** Null: the record does not say. */
  readonly mfa: boolean | null
  readonly tool: Tool | null
  readonly sourceAddress: string | null
  readonly userAgent: string | null
}

/** What actors were before they were told apart, as older versions stored them. */
export type StoredActor = Pick<Actor, 'kind' | 'name' | 'arn' | 'accountId' | 'sourceAddress' | 'userAgent'> & Partial<Actor>

/** An actor whole, whichever version of us stored it. */
export function wholeActor(stored: StoredActor): Actor {
  if (isWhole(stored)) return stored
  const identity = kinds.get(stored.kind) ?? 'unknown'
  const blank = { via: [], job: null, accessKeyId: null, session: null, mfa: null, tool: null }
  return { ...blank, identity, claimed: identity === 'role-session', ...stored }
}

function isWhole(stored: StoredActor): stored is Actor {
  return stored.identity !== undefined && stored.via !== undefined
}

const kinds: ReadonlyMap<string, Identity> = new Map([
  ['Root', 'root'],
  ['IAMUser', 'iam-user'],
  ['AssumedRole', 'role-session'],
  ['FederatedUser', 'federated-user'],
  ['SAMLUser', 'saml'],
  ['WebIdentityUser', 'web-identity'],
  ['AWSService', 'aws-service'],
  ['AWSAccount', 'other-account'],
])
