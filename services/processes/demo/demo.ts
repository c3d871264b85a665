import { writeFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { terminalMessage } from '#alerting'
import { logOnlyErrors } from '#runtime'
import { roles } from '../roles.ts'
import { runTripline, type Running } from '../run.ts'
import { only } from './account.ts'
import { startAwsServer } from './aws-server.ts'
import { envelopeOf, recordOf } from './cloudtrail-event.ts'
import { channels, demoConfig } from './demo-config.ts'
import { firstLook, incidents } from './incidents.ts'
import { startQueue, type DemoQueue } from './queue.ts'
import { messagesPage } from './page.ts'
import { createScore, percentiles, stateOf } from './score.ts'
import { startSlackServer, type SlackPosted } from './slack-server.ts'
import { createStage } from './stage.ts'

/** What an answer of AWS takes in the demo; the real one is about as far away. */
const awsLatencyMs = 50
const patienceMs = 15_000
/** The first look loads the client of each service. */
const firstLookMs = 60_000
/** Slack takes one message a second and channel. The play keeps to it, so that what is measured is not Slack's own limit. */
const slackPaceMs = 1_050

/**
 * The whole line on embedded parts: a recorded account behind AWS's wire, an SQS, PGlite and a Slack, all in this process and
 * spoken to over loopback by the real clients. Plays the incidents; 0 only when each expected message came exactly once and no other.
 */
export async function runDemo(options: { json: boolean; color: boolean; html?: string }): Promise<number> {
  logOnlyErrors()
  useDemoCredentials()
  const stage = createStage(options)
  const score = createScore()
  const latencies: number[] = []
  const spokeAt = new Map<string, number>()
  let events = 0
  let refetched = 0

  const onMessage = (posted: SlackPosted): void => {
    const { channel, edits, at } = posted
    spokeAt.set(channel, at)
    const shown = terminalMessage(posted)
    const paid = score.arrived({ channel, shown, edits, at })
    if (paid === 'on the way') return
    const latencyMs = paid === null || paid.sentAt === null ? null : at - paid.sentAt
    // An edit that only counts up is held back on purpose, so that a burst is one edit; what was told already follows the news.
    if (latencyMs !== null && (paid?.state === 'new' || paid?.state === 'resolved')) latencies.push(latencyMs)
    const state = stateOf({ edits, shown })
    const coloured = terminalMessage(posted, { colour: options.color })
    stage.message({ channel, state, latencyMs, expected: paid !== null, shown, coloured })
  }

  await using parts = new AsyncDisposableStack()
  const queue = parts.adopt(await startQueue(), (each) => each.stop())
  const aws = parts.adopt(await startAwsServer({ latencyMs: awsLatencyMs }), (each) => each.stop())
  const slack = parts.adopt(await startSlackServer({ channels, onMessage }), (each) => each.stop())
  for (const channel of firstLook) score.want({ channel, shows: ['First look'], state: 'new', sentAt: null })

  stage.say(`Starting Tripline over ${aws.accounts.length} recorded accounts; AWS answers in ${awsLatencyMs} ms.\n`)
  const stop = new AbortController()
  const started = Promise.withResolvers<Running>()
  const ended = runTripline(demoConfig({ queue, aws, slack }), {
    only: new Set(roles),
    stop: stop.signal,
    onReady: started.resolve,
    observe: { fetched: () => (refetched += 1) },
  })
  // The parts are taken away only after the line has stopped; its failure is told by the race below.
  parts.defer(async () => {
    stop.abort()
    await Promise.allSettled([ended])
  })

  const play = async (): Promise<void> => {
    const { store } = await started.promise
    stage.say('The first look: what is there already is told as one summary a team.\n')
    await patiently(async () => score.missing.length === 0 && (await store.scans.running()) === 0, firstLookMs)
    refetched = 0
    for (const [index, incident] of incidents.entries()) {
      stage.say(`${index + 1}/${incidents.length} ${incident.title}`)
      const account = only(aws.accounts, ({ name }) => name === incident.account, incident.account)
      const freeAt = incident.expected.map(({ channel }) => (spokeAt.get(channel) ?? 0) + slackPaceMs)
      await wait(Math.max(0, Math.max(...freeAt) - Date.now()))
      incident.change(account)
      const bodies = incident.calls(account).map((call) => JSON.stringify(envelopeOf(recordOf(account, call))))
      const sentAt = Date.now()
      const owed = incident.expected.map(({ channel, detection, about, state }) => ({
        channel,
        shows: [detection, about],
        state,
        sentAt,
      }))
      for (const each of owed) score.want(each)
      for (const body of bodies.flatMap((each) => Array.from({ length: incident.copies }, () => each))) {
        await queue.send(body)
        events += 1
      }
      await patiently(() => queue.empty() && owed.every((each) => !score.missing.includes(each)))
      stage.say('')
    }
    await patiently(() => quiet(queue, store))
  }
  await Promise.race([play(), ended.then(() => Promise.reject(new TypeError('tripline ended during the play')))])

  if (options.html !== undefined) await writeFile(options.html, messagesPage(slack.messages()))
  const { missing, surplus } = score
  const summary = { events, refetched, alerts: score.came, expected: score.wanted, ...percentiles(latencies) }
  for (const { channel, shows, state } of missing) stage.say(`MISSING in #${channel}: ${state} ${shows.join(', ')}`)
  stage.say(
    `${events} events, ${refetched} looks at AWS, ${score.came} messages, ${score.wanted} expected, ${missing.length} missing, ` +
      `${surplus.length} not expected. Queue to Slack: p50 ${summary.p50Ms} ms, p99 ${summary.p99Ms} ms, max ${summary.maxMs} ms.`,
  )
  stage.summary(summary)
  return missing.length === 0 && surplus.length === 0 ? 0 : 1
}

/** Whoever plays the demo may have real credentials at hand: nothing here may ever use them. */
function useDemoCredentials(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name]
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'demo', AWS_SECRET_ACCESS_KEY: 'demo', AWS_REGION: 'us-east-1' })
}

/** Nothing is under way any more, so that what should stay silent would have spoken. */
async function quiet(queue: DemoQueue, store: Running['store']): Promise<boolean> {
  const marks = await store.marks.waiting()
  const { count } = await store.deliveries.waiting()
  return queue.empty() && count === 0 && marks.every((each) => each.count === 0)
}

/** Waits for a condition, and gives up quietly: what is missing is told at the end. */
async function patiently(holds: () => boolean | Promise<boolean>, forMs = patienceMs): Promise<void> {
  const end = performance.now() + forMs
  while (!(await holds()) && performance.now() < end) await wait(5)
}
