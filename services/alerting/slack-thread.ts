import {
  severities,
  wholeActor,
  type Cause,
  type FindingAlert,
  type Flapping,
  type NamedFinding,
  type Severity,
  type Together,
} from '#model'
import { findingMessage, type Told } from './slack-finding.ts'
import { bold, code, header, list, plain, richText, section, type RichText, type Section } from './slack-blocks.ts'
import { colours, green, marks, spanOf } from './slack-looks.ts'
import type { Worded } from './slack-message.ts'
import { line } from './text.ts'

const mostDetections = 15
const mostTypes = 8
/** What the foremost of them says takes nearly a whole message. */
const mostOnOne = 8

/** Words what a message tells together: one change, a whole thread, the rest of one, what is still so. */
export function togetherMessage(together: Together, told: Told): Worded {
  switch (together.kind) {
    case 'change':
      return changeMessage(together.findings, told)
    case 'storm':
      return stormMessage(together)
    case 'rest':
      return restMessage(together)
    default:
      return reminderMessage(together)
  }
}

/** One change that several detections object to: their names, then what the foremost says of it. */
function changeMessage(findings: readonly FindingAlert[], told: Told): Worded {
  const [first] = findings
  if (first === undefined) throw new TypeError('a change without findings')
  const worded = findingMessage(first, told)
  const over = findings.filter(({ ended }) => ended !== null).length
  const { resourceName, resourceId, resourceType, region } = first.place
  const what = line(resourceName ?? resourceId ?? resourceType ?? region, 80)
  const state = over === findings.length ? ', all over' : over > 0 ? `, ${over} over` : ''
  const title = `${over === findings.length ? '✅' : marks[first.severity]} ${findings.length} findings on ${what}${state}`
  const rows = findings
    .slice(0, mostOnOne)
    .map(({ title: each, severity, ended }) => row({ title: line(each, 100), severity, over: ended !== null }))
  const more = findings.length - rows.length
  const rest = more > 0 ? [section(plain(`and ${more} more`))] : []
  return { ...worded, text: title, blocks: [header(title), richText(list(...rows, ...rest)), ...worded.blocks.slice(1)] }
}

function stormMessage(storm: Extract<Together, { kind: 'storm' }>): Worded {
  const { total, over, highest, byDetection, byType, accounts, critical, inTable, openForMs, cause } = storm
  const allOver = over === total
  const where = accounts.length === 1 ? `in ${line(accounts[0] ?? '', 60)}` : `in ${accounts.length} accounts`
  const title = `${count(total, 'finding')} by ${doerOf(cause)} ${where}`
  const mark = allOver ? '✅' : marks[highest]
  const counts = severities
    .toReversed()
    .flatMap((severity) =>
      storm.bySeverity[severity] === undefined ? [] : [`${storm.bySeverity[severity]} ${severity.toLowerCase()}`],
    )
  const state = allOver ? 'all are over' : over > 0 ? `${over} of ${total} are over` : 'none is over yet'
  const still = openForMs === null ? [] : [plain(` · still failing after ${spanOf(openForMs)}`)]
  const detections = byDetection.slice(0, mostDetections).map(({ displayName, severity, count: found, over: done }) => {
    return section(
      plain(`${marks[severity]} `),
      bold(String(found)),
      plain(` × ${line(displayName, 150)}${done > 0 ? ` (${done} over)` : ''}`),
    )
  })
  const more = byDetection.length - detections.length
  const types = byType
    .slice(0, mostTypes)
    .map(({ type, count: found }) => `${found} ${line(type.replace(/^AWS\./u, '').replace('.', ' '), 60)}`)
  return {
    text: `${mark} ${title}${allOver ? ', all over' : ''}`,
    blocks: [
      header(`${mark} ${title}${allOver ? ', all over' : ''}`),
      richText(section(bold(state), plain(` · ${counts.join(' · ')}`), ...still)),
      richText(list(...detections)),
      ...(more > 0 ? [richText(section(plain(`and ${count(more, 'more detection')}`)))] : []),
      ...(types.length === 0 ? [] : [richText(section(bold('On: '), plain(types.join(' · '))))]),
      ...(critical.length === 0 ? [] : [richText(section(bold('Critical')), list(...critical.map(row)))]),
    ],
    colour: allOver ? green : colours[highest],
    aside: [
      richText(
        section(
          plain('One session or deployment did this; each finding is in the thread'),
          ...(inTable > 0 ? [plain(`, ${inTable} in its table`)] : []),
        ),
      ),
      command(storm.threadId),
    ],
  }
}

function restMessage({ threadId, total, over, byDetection, named }: Extract<Together, { kind: 'rest' }>): Worded {
  const title = `${count(total, 'more finding')} of this${over === 0 ? '' : over === total ? ', all over' : `, ${over} over`}`
  // Forty characters of a name are enough to know it; sixty rows of it fit into a message.
  const rows = named.map((each) => row({ ...each, title: line(each.title, 90) }))
  const hidden = total - named.length
  const counts = byDetection.map(({ displayName, count: found }) => `${found} × ${line(displayName, 60)}`).slice(0, mostDetections)
  return {
    text: title,
    blocks: [
      header(title),
      richText(list(...rows)),
      ...(hidden > 0 ? [richText(section(plain(`and ${hidden} that are not shown; of all: ${counts.join(' · ')}`)))] : []),
    ],
    colour: over === total ? green : '#616061',
    aside: [command(threadId)],
  }
}

function reminderMessage({ openForMs, open, total, named }: Extract<Together, { kind: 'reminder' }>): Worded {
  const title = `Still failing after ${spanOf(openForMs)}${total > 1 ? `: ${open} of ${total}` : ''}`
  const highest = named[0]?.severity ?? 'INFO'
  const hidden = open - named.length
  return {
    text: `${marks[highest]} ${title}: ${line(named[0]?.title ?? '', 200)}${open > 1 ? ` and ${open - 1} more` : ''}`,
    blocks: [header(`${marks[highest]} ${title}`)],
    colour: colours[highest],
    aside: [richText(list(...named.map(row))), ...(hidden > 0 ? [richText(section(plain(`and ${hidden} more`)))] : [])],
  }
}

/** How often it came and went, as one line. */
export function flappingLine({ times, withinMs }: Flapping): RichText {
  const within = withinMs < 60_000 ? 'a minute' : spanOf(withinMs)
  return richText(
    section(
      bold(`Flapping: ${times} times in ${within}`),
      plain('. It is told in this message until it has been quiet for an hour.'),
    ),
  )
}

function row({
  title,
  severity,
  over,
  place,
}: { title: string; severity: Severity; over: boolean } & Partial<Pick<NamedFinding, 'place'>>): Section {
  const name = place === undefined ? null : (place.resourceName ?? place.resourceId)
  const about = name === null || title.includes(name) ? [] : [plain(' '), code(line(name, 60))]
  const words = line(title, 120)
  return section(
    plain(over ? '✅ ' : `${marks[severity]} `),
    over ? plain(words, { strike: true }) : bold(words),
    ...about,
    plain(over ? ' · over' : ''),
  )
}

function doerOf({ actor }: Cause): string {
  const { name, tool } = wholeActor(actor)
  return `${line(name, 60)}${tool === null ? '' : ` through ${line(tool.name, 40)}`}`
}

function command(threadId: string): RichText {
  return richText(section(plain('All of them: '), code(`tripline findings --thread ${threadId}`)))
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}
