import { severities, type Place, type SummaryAlert } from '#model'
import { bold, code, header, list, plain, richText, section } from './slack-blocks.ts'
import { colours, marks } from './slack-looks.ts'
import type { Worded } from './slack-message.ts'
import { line } from './text.ts'

const origins: Readonly<Record<SummaryAlert['origin'], { readonly title: string; readonly why: string }>> = {
  baseline: {
    title: 'First look',
    why: 'Found on the first look at what is there already. No change caused them; from now on each change is told by itself.',
  },
  detection: {
    title: 'New or changed detection',
    why: 'A detection is new or says more than before. Nobody changed these resources.',
  },
  time: { title: 'Time has passed', why: 'A date or an age was reached. Nobody changed these resources.' },
}

/** Words a summary: counts by severity and detection, the critical ones by name. */
export function summaryMessage(summary: SummaryAlert, team: string | null): Worded {
  const { origin, total, bySeverity, byDetection, critical } = summary
  const { title, why } = origins[origin]
  const highest = severities.findLast((severity) => (bySeverity[severity] ?? 0) > 0) ?? 'INFO'
  const counts = severities
    .toReversed()
    .filter((severity) => (bySeverity[severity] ?? 0) > 0)
    .map((severity) => `${marks[severity]} ${bySeverity[severity]} ${severity.toLowerCase()}`)
    .join(' · ')
  const rows = byDetection.slice(0, 15)
  const detections = rows.map((row) => {
    const name = line(row.displayName, 150)
    return section(plain(`${marks[row.severity]} `), bold(String(row.count)), plain(` × ${name}`))
  })
  const more = byDetection.length - rows.length
  const named = critical
    .slice(0, 20)
    .map(({ title, place }) => section(bold(line(title, 120)), plain(` ${whereOf(place)}`), ...idOf(place)))
  const criticals = bySeverity.CRITICAL ?? 0
  const text = `${title}: ${total} ${total === 1 ? 'finding' : 'findings'}`
  return {
    text: `${marks[highest]} ${text}${criticals > 0 ? `, ${criticals} critical` : ''}`,
    blocks: [
      header(`${marks[highest]} ${text}`),
      richText(section(plain(counts === '' ? 'nothing' : counts))),
      ...(detections.length === 0 ? [] : [richText(list(...detections))]),
      ...(more > 0 ? [richText(section(plain(`and ${more} more detections`)))] : []),
      ...(named.length === 0 ? [] : [richText(section(bold(criticalTitle(named.length, criticals))), list(...named))]),
    ],
    colour: colours[highest],
    aside: [richText(section(plain(why))), richText(section(plain('Read them all: '), code(commandFor(team))))],
  }
}

/** A team's id is the operator's own word, and safe in a shell or left out. */
function commandFor(team: string | null): string {
  return team !== null && /^[\w.-]{1,100}$/u.test(team) ? `tripline findings --team ${team}` : 'tripline findings'
}

function criticalTitle(named: number, all: number): string {
  return all > named ? `Critical, the first ${named} of ${all}` : 'Critical'
}

function whereOf({ accountName, region }: Place): string {
  return `in ${line(accountName, 60)} ${line(region, 30)}`
}

function idOf({ resourceName, resourceId }: Place): ReturnType<typeof code>[] {
  const id = resourceName ?? resourceId
  return id === null ? [] : [plain(' '), code(line(id, 100))]
}
