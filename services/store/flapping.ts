import { sql } from 'kysely'
import { compareSeverity, groupKeyOf, type FindingAlert } from '#model'
import type { Database } from './database.ts'
import type { Fresh } from './gather-thread.ts'
import { now, wait } from './values.ts'

const windowMs = 3_600_000
/** As often as this within the window, and it is told in one message until it has been quiet for so long. */
const leastTimes = 3
const editMs = 2_000

/**
 * A finding that opens and ends again and again goes on in the message of its epoch before, unless it is critical, worse than it was there
 * or somebody else's doing: then somebody must hear of it. Returns the deliveries that are not of such.
 */
export async function joinFlapping(database: Database, fresh: readonly Fresh[]): Promise<readonly Fresh[]> {
  const left: Fresh[] = []
  for (const each of fresh) if (!(await joins(database, each))) left.push(each)
  return left
}

interface Before {
  readonly id: string
  readonly threadId: string | null
  readonly alertId: string
  /** As the message shows it. */
  readonly content: Pick<FindingAlert, 'severity' | 'cause'>
  readonly times: number
  readonly withinMs: number
}

async function joins(database: Database, { id, alertId, destination, channel, findingId, content }: Fresh): Promise<boolean> {
  if (content.kind !== 'finding' || content.detection.kind !== 'policy' || findingId === null || content.severity === 'CRITICAL')
    return false
  const before = await database.first<Before>(sql`
    with own as (select subject, epoch from findings where id = ${findingId}),
    lately as (
      select count(*)::integer as times, (extract(epoch from max(f.opened_at) - min(f.opened_at)) * 1000)::float8 as "withinMs"
      from findings as f, own where f.subject = own.subject and f.epoch <= own.epoch and f.opened_at > ${now} - ${wait(windowMs)}
    ), earlier as (
      select coalesce(case when d.part = 'again' then d.told_by end, d.id) as id
      from findings as f, own, alerts as a, deliveries as d
      where f.subject = own.subject and f.epoch < own.epoch and a.finding_id = f.id and d.alert_id = a.id
        and d.destination = ${destination} and d.channel = ${channel} and not d.extra
      order by f.epoch desc limit 1
    )
    select d.id, d.thread_id as "threadId", d.alert_id as "alertId", shown.content, lately.times, lately."withinMs"
    from lately, earlier join deliveries as d on d.id = earlier.id
    join alerts as shown on shown.id = coalesce(d.shows, d.alert_id)
    left join deliveries as teller on teller.id = d.told_by
    where lately.times >= ${leastTimes} and d.status <> 'closed' and coalesce(teller.status, '') <> 'closed'
    for update of d`)
  if (before === null || compareSeverity(content.severity, before.content.severity) > 0) return false
  if (doerOf(content) !== doerOf(before.content)) return false
  await database.rows(sql`
    update deliveries as d set shows = ${alertId}, flaps = ${before.times}, flaps_within_ms = ${before.withinMs}
    where d.id = ${before.id}
      or d.extra and d.part = 'reply' and d.alert_id = ${before.alertId} and d.thread_id = ${before.threadId}`)
  await database.rows(sql`
    with tellers as (
      select d.id from deliveries as d
      where d.id = (select coalesce(told_by, id) from deliveries where id = ${before.id}) or d.id = ${before.id}
        or d.extra and d.part = 'reply' and d.alert_id = ${before.alertId} and d.thread_id = ${before.threadId}
        or d.id = (select head_id from threads where id = ${before.threadId})
      order by d.id for update
    )
    update deliveries as d set wish = d.wish + 1, status = case when d.status = 'sent' then 'due' else d.status end,
      due_at = case when d.status = 'sent' then greatest(${now}, d.settled_at + ${wait(editMs)}) else d.due_at end
    from tellers where d.id = tellers.id`)
  await database.rows(sql`
    update deliveries as d set gathered = true, part = 'again', status = 'joined', told_by = ${before.id}, joined_wish = teller.wish
    from deliveries as teller
    where d.id = ${id} and teller.id = (select coalesce(told_by, id) from deliveries where id = ${before.id})`)
  return true
}

/** Who did it, in which run or session; of what has no session its name, since each of its events is a doing of its own. */
function doerOf({ cause }: Pick<FindingAlert, 'cause'>): string {
  return cause === null ? '' : `${groupKeyOf({ ...cause, eventId: '' })} ${cause.actor.name ?? ''}`
}
