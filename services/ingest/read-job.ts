import type { Job } from '#model'

/** What a build shows AWS of itself: its provider, the token's subject, and the name that it gave to its session. */
export interface JobSigns {
  /** The ARN of the provider, or its address. */
  readonly provider: string
  readonly subject: string
  readonly sessionName: string | null
}

/**
 * The build behind a web identity; null when it is none of those we know. Repository, ref and workflow are the provider's signed word; the run
 * is mostly read out of the session's name, which the workflow chose.
 */
export function readJob({ provider, subject, sessionName }: JobSigns): Job | null {
  const host = hostOf(provider)
  if (host === 'token.actions.githubusercontent.com') return githubJob(subject, sessionName)
  if (subject.startsWith('project_path:')) return gitlabJob(host, subject, sessionName)
  if (/^organization:[^:]+:project:.*:workspace:/u.test(subject)) return terraformJob(host, subject, sessionName)
  return null
}

/** True for the provider of builds whose subject is not known (yet). */
export function isJobProvider(provider: string): boolean {
  return ['token.actions.githubusercontent.com', 'gitlab.com', 'app.terraform.io'].includes(hostOf(provider))
}

/** `arn:aws:iam::1:oidc-provider/HOST/…` or an address. */
function hostOf(provider: string): string {
  const after = provider.slice(0, 500).split(':oidc-provider/').at(-1) ?? ''
  return (
    after
      .replace(/^https?:\/\//u, '')
      .split('/')[0]
      ?.toLowerCase() ?? ''
  )
}

function githubJob(subject: string, sessionName: string | null): Job | null {
  // Newer subjects carry the ids of owner and repository: `octo@12/shop@34`.
  const repository = /(?:^|:)repo:([^:]+)/u.exec(subject)?.[1]?.replaceAll(/@\d+/gu, '')
  if (repository === undefined) return null
  const workflow =
    /job_workflow_ref:[^:@]*\.github\/workflows\/([^:@]+)/u.exec(subject)?.[1] ?? /(?:^|:)workflow:([^:]+)/u.exec(subject)?.[1]
  const environment = /(?:^|:)environment:([^:]+)/u.exec(subject)?.[1]
  const ref =
    /(?:^|:)ref:(refs\/[^:]+)/u.exec(subject)?.[1] ?? (/(?:^|:)pull_request(?:$|:)/u.test(subject) ? 'pull request' : undefined)
  const run = /(?:^|:)run_id:(\d{1,20})/u.exec(subject)?.[1] ?? lastNumber(sessionName, 6)
  const page = /^[\w.-]{1,100}\/[\w.-]{1,100}$/u.test(repository) ? `https://github.com/${repository}/actions` : null
  return {
    provider: 'github',
    repository,
    workflow: workflow ?? null,
    ref: environment ?? (ref === undefined ? null : shortRef(ref)),
    run,
    url: page === null || run === null ? page : `${page}/runs/${run}`,
  }
}

function gitlabJob(host: string, subject: string, sessionName: string | null): Job | null {
  const found = /^project_path:([^:]+)(?::ref_type:[^:]+)?(?::ref:(.+))?$/u.exec(subject)
  const repository = found?.[1]
  if (repository === undefined) return null
  const linked = host === 'gitlab.com' && /^[\w./-]{1,200}$/u.test(repository) && !repository.includes('..')
  const url = linked ? `https://gitlab.com/${repository}` : null
  return { provider: 'gitlab', repository, workflow: null, ref: found?.[2] ?? null, run: lastNumber(sessionName, 4), url }
}

function terraformJob(host: string, subject: string, sessionName: string | null): Job | null {
  const found = /^organization:([^:]+):project:.*?:workspace:([^:]+)(?::run_phase:([^:]+))?/u.exec(subject)
  const [organization, workspace, phase] = [found?.[1], found?.[2], found?.[3]]
  if (organization === undefined || workspace === undefined) return null
  const run = /run-[A-Za-z0-9]{10,24}/u.exec(sessionName ?? '')?.[0] ?? null
  const linked = host === 'app.terraform.io' && [organization, workspace].every((each) => /^[\w-]{1,90}$/u.test(each))
  const page = linked ? `https://app.terraform.io/app/${organization}/workspaces/${workspace}` : null
  return {
    provider: 'terraform-cloud',
    repository: `${organization}/${workspace}`,
    workflow: phase ?? null,
    ref: null,
    run,
    url: page === null || run === null ? page : `${page}/runs/${run}`,
  }
}

function shortRef(ref: string): string {
  return ref.replace(/^refs\/(?:heads|tags)\//u, '')
}

/** The last number of so many digits in a session's name: by custom the run's. */
function lastNumber(sessionName: string | null, digits: number): string | null {
  const found = [...(sessionName ?? '').slice(0, 64).matchAll(/(?<![\dA-Za-z])\d+(?![\dA-Za-z])/gu)]
  return found.map(([number]) => number).findLast((number) => number.length >= digits && number.length <= 16) ?? null
}
