import { differencesInWords, line } from '#alerting'
import { severities, type Finding, type FindingStatus, type Severity } from '#model'
import { ConfigError } from '#runtime'
import { openStore, type FindingFilter } from '#store'
import { readConfig } from '../processes/config.ts'

export interface FindingsOptions {
  readonly config: string
  readonly status: string
  readonly severity?: string
  readonly account?: string
  readonly region?: string
  readonly detection?: string
  readonly type?: string
  readonly team?: string
  readonly thread?: string
  readonly limit: number
  readonly json: boolean
}

const statuses: readonly FindingStatus[] = ['open', 'resolved', 'retired', 'counting']

/** `tripline findings`: what is open, most severe first; or what else is asked for. */
export async function findingsCommand(options: FindingsOptions): Promise<number> {
  const asked = filterOf(options)
  const { store: where } = await readConfig(options.config, process.env)
  await using store = await openStore(where)
  const thread = options.thread === undefined ? null : await store.threads.find(options.thread)
  if (options.thread !== undefined && thread === null) {
    process.stderr.write(`No thread is known by ${options.thread}. Give the id that stands in the thread's first message.\n`)
    return 1
  }
  const filter = thread === null ? asked : { ids: thread.alerts.map(({ findingId }) => findingId) }
  const [findings, all] = [await store.findings.list(filter, options.limit), await store.findings.count(filter)]
  if (options.json) {
    for (const finding of findings) print(JSON.stringify({ finding }))
    print(JSON.stringify({ summary: { findings: all, shown: findings.length } }))
    return 0
  }
  for (const finding of findings) print(wordsOf(finding).join('\n'))
  const more = all > findings.length ? `, ${findings.length} shown; see more with --limit` : ''
  process.stderr.write(`${all} ${all === 1 ? 'finding' : 'findings'}${more}\n`)
  return 0
}

function filterOf({ status, severity, account, region, detection, type, team }: FindingsOptions): FindingFilter {
  return {
    ...(status === 'all' ? {} : { statuses: words('--status', status, statuses) }),
    ...(severity === undefined ? {} : { severities: words('--severity', severity.toUpperCase(), severities) }),
    ...(account === undefined ? {} : { accountId: account }),
    ...(region === undefined ? {} : { region }),
    ...(detection === undefined ? {} : { detectionId: detection }),
    ...(type === undefined ? {} : { resourceType: type }),
    ...(team === undefined ? {} : { team }),
  }
}

function words<Word extends FindingStatus | Severity>(option: string, given: string, allowed: readonly Word[]): readonly Word[] {
  return given.split(',').map((word) => {
    const found = allowed.find((each) => each === word.trim())
    if (found === undefined)
      throw new ConfigError('invalid', `${option}: given ${word}; allowed: ${allowed.join(', ')}, with commas between`)
    return found
  })
}

function wordsOf({
  id,
  detectionId,
  severity,
  status,
  title,
  accountId,
  region,
  resource,
  count,
  openedAt,
  endedAt,
  ...finding
}: Finding) {
  const { causes, differences } = finding
  const by = causes.at(-1)
  const end = endedAt === null ? '' : `, ${status} ${endedAt.toISOString()}`
  const who = by === undefined ? '' : `, by ${line(by.actor.name, 100)} (${line(by.name, 60)})`
  return [
    `${severity.padEnd(8)} ${line(title, 200)}`,
    `         ${resource === null ? `account ${accountId}, ${region}` : line(resource.id, 300)}`,
    `         since ${openedAt.toISOString()}${end}${who}${count > 1 ? `, ×${count}` : ''}`,
    ...differencesInWords(differences)
      .slice(0, 5)
      .map(({ what, before, after }) => `         ${what}: ${before || 'nothing'} → ${after || 'nothing'}`),
    `         ${detectionId} · finding ${id}`,
  ]
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
