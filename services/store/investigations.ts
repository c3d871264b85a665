import { sql } from 'kysely'
import { severities } from '#model'
import type { Database } from './database.ts'
import { findingColumns, findingOf, type FindingRow } from './findings-row.ts'
import type { Investigation, Investigations } from './store.ts'
import { json, now, storableText, wait } from './values.ts'

/** What was not found out by then is left. */
const patienceMs = 3_600_000

type Row = FindingRow & Pick<Investigation, 'question' | 'token' | 'attempts'>

export function createInvestigations(database: Database): Investigations {
  const change = async ({ finding, question, token }: Investigation, columns: ReturnType<typeof sql>): Promise<boolean> =>
    (await database.first(sql`
      update investigations set ${columns}
      where finding_id = ${finding.id} and question = ${question} and token = ${token} returning 1`)) !== null
  return {
    async ask(questions) {
      if (questions.length === 0) return
      const given = questions.map(({ findingId, question, line, severity, delayMs }) => ({
        finding_id: findingId,
        question,
        line: storableText(line).slice(0, 200),
        rank: severities.indexOf(severity),
        delay_ms: delayMs,
      }))
      await database.rows(sql`
        insert into investigations as i (finding_id, question, line, rank, due_at, asked_at)
        select finding_id, question, line, rank, ${now} + delay_ms * interval '1 millisecond', ${now}
        from jsonb_to_recordset(${json(given)})
          as given(finding_id text, question text, line text, rank smallint, delay_ms float8)
        order by finding_id, question
        on conflict (finding_id, question) do update set due_at = excluded.due_at, asked_at = excluded.asked_at, attempts = 0,
          token = null, settled_at = null, answer = null
        where i.question = 'session'`)
    },
    async lease(limit, leaseMs) {
      await database.rows(sql`
        update investigations set settled_at = ${now}, token = null, answer = 'not asked in time'
        where settled_at is null and asked_at < ${now} - ${wait(patienceMs)}`)
      const rows = await database.rows<Row>(sql`
        with recursive moment as materialized (select tripline_now() as now),
        lines as (
          (select line from investigations where settled_at is null order by line limit 1)
          union all
          select next.line from lines, lateral (
            select line from investigations where settled_at is null and line > lines.line order by line limit 1
          ) as next
        ), heads as (
          select first.* from lines, lateral (
            select finding_id, question, rank, due_at from investigations
            where settled_at is null and line = lines.line and due_at <= (select now from moment)
            order by rank desc, due_at limit 1
          ) as first
          where not exists (
            select from investigations as busy
            where busy.settled_at is null and busy.line = lines.line and busy.token is not null
              and busy.due_at > (select now from moment)
          )
        ), chosen as (
          select i.finding_id, i.question
          from heads join investigations as i using (finding_id, question)
          where i.settled_at is null and i.due_at <= (select now from moment)
          order by heads.rank desc, heads.due_at limit ${limit}::integer
          for update of i skip locked
        ), lent as (
          update investigations as i set token = gen_random_uuid()::text, due_at = (select now from moment) + ${wait(leaseMs)}
          from chosen where i.finding_id = chosen.finding_id and i.question = chosen.question
          returning i.finding_id, i.question, i.token, i.attempts, i.rank
        )
        select ${findingColumns}, lent.question, lent.token, lent.attempts
        from lent join findings as f on f.id = lent.finding_id
        order by lent.rank desc, f.id`)
      return rows.map(({ question, token, attempts, ...finding }) => ({ finding: findingOf(finding), question, token, attempts }))
    },
    settle: (investigation, answer) =>
      change(investigation, sql`settled_at = ${now}, token = null, answer = ${storableText(answer).slice(0, 500)}`),
    again: (investigation, delayMs) =>
      change(investigation, sql`due_at = ${now} + ${wait(delayMs)}, token = null, attempts = attempts + 1`),
    release: async (given) => {
      for (const each of given) await change(each, sql`due_at = ${now}, token = null`)
    },
  }
}
