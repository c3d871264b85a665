import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Evaluator } from '#detection'
import type { Observe } from '#pipeline'
import type { Store } from '#store'

export interface Metrics {
  readonly observe: Observe
  /** What is run from now on: detections of which bundle, and how many files could not be loaded. */
  readonly runs: (evaluator: Pick<Evaluator, 'bundle' | 'broken'>) => void
  readonly bundleRefused: () => void
  /** The Prometheus text; asks the store for what waits. */
  text(): Promise<string>
}

/** The figures of one process. Names are a contract: dashboards and alarms depend on them. */
export function createMetrics(
  store: Pick<Store, 'marks' | 'deliveries' | 'scans' | 'quarantine' | 'coverage' | 'gaps' | 'now'>,
): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const events = new Counter({ name: 'tripline_events_total', help: 'Events by outcome.', labelNames: ['outcome'], registers })
  const quarantined = new Counter({
    name: 'tripline_quarantined_total',
    help: 'Items that went to quarantine, by reason.',
    labelNames: ['reason'],
    registers,
  })
  const fetches = new Counter({
    name: 'tripline_fetches_total',
    help: 'Re-fetched resources by outcome.',
    labelNames: ['outcome'],
    registers,
  })
  const fetchErrors = new Counter({
    name: 'tripline_fetch_errors_total',
    help: 'Resources that could not be read, by cause.',
    labelNames: ['cause'],
    registers,
  })
  const failures = new Counter({
    name: 'tripline_detection_failures_total',
    help: 'Detections that could not judge.',
    labelNames: ['detection', 'reason'],
    registers,
  })
  const deliveries = new Counter({
    name: 'tripline_deliveries_total',
    help: 'Deliveries by outcome.',
    labelNames: ['outcome'],
    registers,
  })
  const latency = new Histogram({
    name: 'tripline_queue_to_slack_seconds',
    help: 'From the receipt of an event to its message.',
    labelNames: ['kind'],
    buckets: [0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  })
  const marks = new Gauge({
    name: 'tripline_marks_waiting',
    help: 'Refresh marks waiting, by class.',
    labelNames: ['class'],
    registers,
  })
  const marksLag = new Gauge({
    name: 'tripline_marks_lag_seconds',
    help: 'Age of the oldest due mark, by class.',
    labelNames: ['class'],
    registers,
  })
  const outbox = new Gauge({ name: 'tripline_deliveries_waiting', help: 'Deliveries waiting.', registers })
  const outboxLag = new Gauge({ name: 'tripline_deliveries_lag_seconds', help: 'Age of the oldest due delivery.', registers })
  const scans = new Gauge({
    name: 'tripline_scans_running',
    help: 'Scans that are not complete.',
    registers,
  })
  const notLoaded = new Gauge({
    name: 'tripline_detections_not_loaded',
    help: 'Files of detections that could not be loaded.',
    registers,
  })
  const quarantine = new Gauge({
    name: 'tripline_quarantine_items',
    help: 'Items that lie in quarantine, by reason.',
    labelNames: ['reason'],
    registers,
  })
  const gaps = new Gauge({ name: 'tripline_gaps_open', help: 'Gaps that are open, by cause.', labelNames: ['cause'], registers })
  const heard = new Gauge({
    name: 'tripline_last_heard_seconds',
    help: 'Since the last sign of life of an account and region.',
    labelNames: ['account', 'region'],
    registers,
  })
  const filled = new Gauge({
    name: 'tripline_backfilled_events',
    help: 'Events read out of event histories for the gaps that are known.',
    registers,
  })
  const bundle = new Gauge({
    name: 'tripline_bundle',
    help: 'The bundle of detections that is run; 0: the folders alone.',
    registers,
  })
  const bundlesRefused = new Counter({
    name: 'tripline_bundles_refused_total',
    help: 'Bundles, and changes of the folders, that could not be loaded, so that what ran before goes on.',
    registers,
  })
  return {
    runs({ bundle: running, broken }) {
      bundle.set(running?.number ?? 0)
      notLoaded.set(broken.length)
    },
    bundleRefused: () => bundlesRefused.inc(),
    observe: {
      events: (outcome, count) => events.inc({ outcome }, count),
      quarantined: (reason) => quarantined.inc({ reason }),
      fetched: (outcome) => fetches.inc({ outcome }),
      fetchFailed: (cause) => fetchErrors.inc({ cause }),
      detectionFailed: (detection, reason) => failures.inc({ detection, reason }),
      delivered: (content, outcome) => {
        deliveries.inc({ outcome })
        if (outcome !== 'posted' || content.kind !== 'finding' || content.cause === null) return
        latency.observe({ kind: content.detection.kind }, Math.max(0, Date.now() - Date.parse(content.cause.receivedAt)) / 1_000)
      },
    },
    async text() {
      marks.reset()
      marksLag.reset()
      for (const { class: kind, count, oldestMs } of await store.marks.waiting()) {
        marks.set({ class: kind }, count)
        marksLag.set({ class: kind }, oldestMs / 1_000)
      }
      const waiting = await store.deliveries.waiting()
      outbox.set(waiting.count)
      outboxLag.set(waiting.oldestMs / 1_000)
      scans.set(await store.scans.running())
      quarantine.reset()
      for (const { reason, count } of await store.quarantine.tally()) quarantine.set({ reason }, count)
      const { open, read } = await store.gaps.tally()
      filled.set(read)
      gaps.reset()
      for (const cause of ['silent', 'logging-stopped', 'forwarding-stopped'] as const) gaps.set({ cause }, open.get(cause) ?? 0)
      heard.reset()
      const now = await store.now()
      for (const { accountId: account, region, heardAt, signs } of await store.coverage.list()) {
        const last = Math.max(heardAt?.getTime() ?? 0, signs.at(-1)?.at.getTime() ?? 0)
        heard.set({ account, region }, Math.max(0, (now.getTime() - last) / 1_000))
      }
      return registry.metrics()
    },
  }
}
