import type { Actor, Cause, OpenedSession } from '#model'
import type { Records, WantedSession } from '#store'

/** Longer chains of roles are not followed. */
const mostHops = 5

/** From the call back: who called, who opened the session that called, who opened that one's. */
interface Chain {
  readonly cause: Cause
  readonly found: readonly Actor[]
  /** A step was told by the session's name alone. */
  readonly byName: boolean
}

/**
 * Causes whose actors are followed back to the human, build or service at the beginning, as far as it is known who opened their
 * sessions. One query a hop for all of them, none where no actor hides behind a session.
 */
export async function traceCauses(records: Pick<Records, 'sessions'>, causes: readonly Cause[]): Promise<readonly Cause[]> {
  let chains: readonly Chain[] = causes.map((cause) => ({ cause, found: [], byName: false }))
  for (let hop = 0; hop < mostHops; hop += 1) {
    const wanted = chains.map(({ cause, found }) => wantedOf(found.at(-1) ?? cause.actor, cause.time))
    const asked = wanted.filter((each) => each !== null)
    if (asked.length === 0) break
    const opened = await records.sessions.find(asked)
    if (opened.length === 0) break
    const longer = chains.map((chain, index) => further(chain, wanted[index] ?? null, opened))
    if (longer.every((chain, index) => chain === chains[index])) break
    chains = longer
  }
  return chains.map(told)
}

/** True while it is not known whose session it is, and another record may tell. */
export function isUntraced({ actor, time }: Cause): boolean {
  return wantedOf(actor, time) !== null
}

/** What would tell who hides behind an actor; null when nobody does, or nothing would tell. */
function wantedOf({ identity, claimed, job, accessKeyId, session }: Actor, time: string): WantedSession | null {
  const hidden =
    identity === 'role-session' ||
    identity === 'web-identity' ||
    (identity === 'ci-job' && job === null) ||
    (identity === 'workload' && claimed)
  if (!hidden || session?.name === null || session === null || accessKeyId?.startsWith('ASIA') !== true) return null
  return { accessKeyId, roleArn: session.roleArn, name: session.name, at: new Date(time) }
}

/** The key tells for sure. A session's name tells when only one caller has used it for this role: consoles have keys that no record opens. */
function further(chain: Chain, wanted: WantedSession | null, opened: readonly OpenedSession[]): Chain {
  if (wanted === null) return chain
  const exact = opened.find(({ accessKeyId }) => accessKeyId === wanted.accessKeyId)
  const named = opened.filter(({ roleArn, name }) => roleArn === wanted.roleArn && name === wanted.name).map(({ by }) => by)
  const one = new Set(named.map(({ accountId, name }) => `${accountId} ${name}`)).size === 1
  const next = exact?.by ?? (one ? named.at(-1) : undefined)
  // A session that opened itself anew leads round and round.
  const known =
    next === undefined ||
    [chain.cause.actor, ...chain.found].some(({ accessKeyId }) => accessKeyId !== null && accessKeyId === next.accessKeyId)
  return known ? chain : { ...chain, found: [...chain.found, next], byName: chain.byName || exact === undefined }
}

/** The call's own actor, called after who stands at the beginning. The same when it is done again with more known. */
function told({ cause, found, byName }: Chain): Cause {
  const origin = found.at(-1)
  if (origin === undefined) return cause
  const { actor } = cause
  const roles = [...found.slice(0, -1).toReversed(), actor].flatMap((each) => roleOf(each) ?? [])
  const services = actor.via.filter((each) => each.endsWith('.amazonaws.com'))
  const via = [...new Set([...origin.via, ...roles, ...services])].filter((each) => each !== origin.name)
  const machine = origin.identity === 'ci-job' || origin.identity === 'workload' || origin.identity === 'web-identity'
  const traced: Actor = {
    ...actor,
    identity: origin.identity,
    name: origin.name,
    claimed: origin.claimed || byName,
    job: origin.job,
    via,
    mfa: origin.mfa,
    tool: actor.tool === null ? null : { ...actor.tool, byHand: actor.tool.byHand && !machine },
  }
  return { ...cause, actor: traced }
}

function roleOf({ session }: Actor): string | null {
  return session === null ? null : (session.roleArn.split('/').at(-1) ?? null)
}
