import { wholeActor, type Actor, type AlertContent, type Person } from '#model'
import { fits } from '#runtime'

/** A line of the directory: who goes by these names. */
export interface DirectoryEntry {
  readonly name: string
  readonly email: string | null
  /** The person's id at Slack, where it is known. */
  readonly slackId: string | null
  /** ARNs, user names, names of sessions or e-mail addresses; `*` stands for anything. */
  readonly principals: readonly string[]
}

/** Who in the directory an actor is; a name that is an e-mail address is somebody by itself. Null: nobody we know. */
function personOf(actor: Actor, directory: readonly DirectoryEntry[]): Person | null {
  // The ARN is the call's. Of a session that was followed back it is not that of the one who is named.
  const own = actor.kind !== 'AssumedRole' || ['role-session', 'identity-center', 'ci-job'].includes(actor.identity)
  const names = [actor.name, ...(own && actor.arn !== null ? [actor.arn] : [])]
  const found = directory.find(({ email, principals }) =>
    [...principals, ...(email === null ? [] : [email])].some((pattern) =>
      names.some((name) => fits(pattern.toLowerCase(), name.toLowerCase())),
    ),
  )
  if (found !== undefined) return { name: found.name, email: found.email, slackId: found.slackId }
  return isEmail(actor.name) ? { name: actor.name, email: actor.name, slackId: null } : null
}

/** An alert whose actors are the people of the directory. */
export function withPeople(content: AlertContent, directory: readonly DirectoryEntry[]): AlertContent {
  if (content.kind !== 'finding') return content
  const named = <C extends { readonly actor: Actor } | null>(cause: C): C => {
    if (cause === null) return cause
    const actor = wholeActor(cause.actor)
    return { ...cause, actor: { ...actor, person: personOf(actor, directory) } }
  }
  const ended = content.ended === null ? null : { ...content.ended, cause: named(content.ended.cause) }
  return { ...content, cause: named(content.cause), ended }
}

function isEmail(text: string): boolean {
  return text.length <= 254 && /^[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+$/iu.test(text)
}
