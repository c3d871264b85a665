import { wholeActor, type AlertContent } from '#model'
import type { Destination, Outgoing } from './destination.ts'
import { withPeople, type DirectoryEntry } from './people.ts'
import type { SlackPeople } from './slack-people.ts'

export interface DirectoryOptions {
  readonly directory: readonly DirectoryEntry[]
  /** Teams that want the person mentioned who changed what is theirs. */
  readonly mentionFor: ReadonlySet<string>
  /** Null for destinations that are not Slack: then nobody is mentioned. */
  readonly people: SlackPeople | null
}

/** A destination that hears of people by the names of the directory, and at Slack mentions them where a team wants it. */
export function withDirectory(destination: Destination, { directory, mentionFor, people }: DirectoryOptions): Destination {
  const told = async (alert: Outgoing): Promise<Outgoing> => {
    const content = withPeople(alert.content, directory)
    const wanted = people !== null && alert.to.team !== null && mentionFor.has(alert.to.team)
    return { ...alert, content: wanted ? await mentioning(content, people) : unmentioned(content) }
  }
  return {
    ...destination,
    post: async (channel, alert, signal) => destination.post(channel, await told(alert), signal),
    edit: async (message, alert, signal) => destination.edit(message, await told(alert), signal),
  }
}

/** Only whoever is surely named: a session's name that its caller chose could call anybody. */
async function mentioning(content: AlertContent, people: SlackPeople): Promise<AlertContent> {
  if (content.kind !== 'finding' || content.cause === null) return content
  const actor = wholeActor(content.cause.actor)
  const { person } = actor
  if (person === null || person === undefined || actor.claimed) return unmentioned(content)
  const slackId = person.slackId ?? (person.email === null ? null : await people.idOf(person.email))
  return { ...content, cause: { ...content.cause, actor: { ...actor, person: { ...person, slackId } } } }
}

function unmentioned(content: AlertContent): AlertContent {
  if (content.kind !== 'finding' || content.cause === null) return content
  const { person } = content.cause.actor
  if (person === null || person === undefined) return content
  return { ...content, cause: { ...content.cause, actor: { ...content.cause.actor, person: { ...person, slackId: null } } } }
}
