import { canonical, type FindingAlert, type JsonObject, type Place } from '#model'
import { actionInWords, actorInWords } from './actor-words.ts'
import { consoleLink, safeLink } from './console-link.ts'
import { differencesInWords } from './difference-words.ts'
import {
  bold,
  code,
  header,
  link,
  list,
  mention,
  plain,
  richText,
  section,
  type Leaf,
  type RichText,
  type Section,
} from './slack-blocks.ts'
import { colours, green, grey, marks, momentOf } from './slack-looks.ts'
import type { Worded } from './slack-message.ts'
import { line, lines } from './text.ts'

const mostChanges = 10
/** Of the 12,000 characters of a message. */
const changesLength = 4_500

/** Words a finding: what, where, who, from where with which tool, when, before → after, why it matters, what to do. */
export function findingMessage(alert: FindingAlert): Worded {
  const look = lookOf(alert)
  const title = line(alert.title, 300)
  const changes = changesOf(alert)
  const details = alert.differences.length > 0 ? [] : detailsOf(alert.context)
  return {
    text: `${look.mark} ${look.word}: ${title} (${nameOf(alert.place)} in ${line(alert.place.accountName, 60)})`,
    blocks: [
      header(`${look.mark} ${look.ended ? `${look.word}: ` : ''}${title}`),
      richText(section(...stateOf(alert, look.word))),
      richText(list(...factsOf(alert))),
      ...changes,
      ...details,
    ],
    colour: look.colour,
    aside: asideOf(alert),
  }
}

interface Look {
  readonly mark: string
  readonly word: string
  readonly colour: string
  readonly ended: boolean
}

function lookOf({ severity, ended }: FindingAlert): Look {
  if (ended === null) return { mark: marks[severity], word: severity, colour: colours[severity], ended: false }
  if (ended.how === 'fixed') return { mark: '✅', word: 'Resolved', colour: green, ended: true }
  if (ended.how === 'gone') return { mark: '✅', word: 'Resource gone', colour: green, ended: true }
  return { mark: '⚪', word: 'Retired', colour: grey, ended: true }
}

const notShown = ' · unconfirmed: AWS has not shown the change itself, so this may be the state before it'

/** The line under the title: new, repeated, or how it ended and by whom. */
function stateOf({ severity, count, unconfirmed, ended }: FindingAlert, word: string): Leaf[] {
  const repeated = count > 1 ? ` · seen ×${count}` : ''
  if (ended === null)
    return [bold(severity), plain(count > 1 ? ` · repeated ×${count}` : ' · new'), ...(unconfirmed ? [plain(notShown)] : [])]
  const when = momentOf(ended.at)
  if (ended.how === 'retired') {
    return [
      bold(word),
      plain(` · ${when} · its detection was removed, so nobody checks this any more (was ${severity}${repeated})`),
    ]
  }
  const by = ended.cause === null ? 'no event says by whom' : `by ${actionInWords(ended.cause)}`
  return [bold(word), plain(` · ${when} · ${by} (was ${severity}${repeated})`)]
}

function factsOf({ place, cause, attention, openedAt, origin }: FindingAlert): Section[] {
  const facts = place.resourceId === null ? [] : [fact('What', ...whatOf(place))]
  facts.push(fact('Where', plain(whereOf(place))))
  if (cause === null) {
    const found = { baseline: 'on the first look', detection: 'by a new detection', time: 'as time passed', change: 'by looking' }
    facts.push(fact('When', plain(`found ${found[origin]}, ${momentOf(openedAt)}`)))
    return facts
  }
  const who = actorInWords(cause.actor)
  const page = who.page === null ? [] : [plain(' '), link(who.page, 'open the build')]
  const mentioned = who.mention === null ? [] : [plain(' '), mention(who.mention)]
  const arn = who.arn === null ? [] : [plain(' '), code(who.arn)]
  // Of what a scan found it is not known which change made it so.
  facts.push(
    fact(origin === 'change' ? 'Who' : 'Last changed by', bold(who.name), ...mentioned, plain(` (${who.what})`), ...arn, ...page),
  )
  if (who.from !== null) facts.push(fact('From', plain(who.from)))
  for (const each of attention ?? []) facts.push(fact('Attention', plain(line(each, 300))))
  const service = line(cause.source.replace(/\.amazonaws\.com$/u, ''), 60)
  facts.push(fact('When', plain(`${momentOf(cause.time)}, ${service} ${line(cause.name, 100)}`)))
  return facts
}

function whatOf(place: Place): Leaf[] {
  const type = line((place.resourceType ?? '').replace(/^AWS\./u, '').replace('.', ' '), 60)
  const id = line(place.resourceId ?? '', 400)
  const name = place.resourceName === null ? [] : [bold(line(place.resourceName, 150)), plain(' ')]
  const page = consoleLink(place)
  return [plain(`${type} `), ...name, code(id), ...(page === null ? [] : [plain(' '), link(page, 'open in AWS')])]
}

function whereOf({ accountId, accountName, accountLabel, region }: Place): string {
  const inside = [accountLabel, accountName === accountId ? null : accountId].filter((each) => each !== null && each !== '')
  return line(`${accountName}${inside.length === 0 ? '' : ` (${inside.join(', ')})`} · ${region}`, 300)
}

function nameOf({ resourceName, resourceId, region }: Place): string {
  return line(resourceName ?? resourceId?.split(/[:/]/u).at(-1) ?? region, 100)
}

function changesOf({ differences }: FindingAlert): RichText[] {
  const words = differencesInWords(differences)
  if (words.length === 0) return []
  const rows: Section[] = []
  let left = changesLength
  for (const { what, before, after } of words.slice(0, mostChanges)) {
    left -= what.length + before.length + after.length
    if (left < 0) break
    rows.push(section(bold(`${what}: `), code(before), plain(' → '), code(after)))
  }
  const more = words.length - rows.length
  const rest = more > 0 ? [section(plain(`and ${more} more`))] : []
  return [richText(section(bold('What changed')), list(...rows, ...rest))]
}

/** What a rule added: only where no before and after tells the story. */
function detailsOf(context: JsonObject): RichText[] {
  const rows = Object.entries(context)
    .filter(([, value]) => value !== null && value !== '')
    .slice(0, 6)
    .map(([key, value]) => fact(line(key, 60), plain(line(typeof value === 'string' ? value : canonical(value), 200))))
  return rows.length === 0 ? [] : [richText(section(bold('Details')), list(...rows))]
}

/** Why it matters and what to do; links only where the whole text is one address. */
function asideOf({ why, runbook, reference, detection }: FindingAlert): RichText[] {
  const rows = why === '' ? [] : [section(bold('Why it matters: '), plain(lines(why, 1_500)))]
  for (const [label, text] of [
    ['Runbook', runbook],
    ['Reference', reference],
  ] as const) {
    if (text === null || text.trim() === '') continue
    const url = safeLink(text.trim())
    const words = lines(text, 800)
    rows.push(section(bold(`${label}: `), url === null ? plain(words) : link(url, line(text, 200))))
  }
  rows.push(section(plain(`${detection.kind} ${line(detection.id, 150)}`)))
  return rows.map((row) => richText(row))
}

function fact(label: string, ...leaves: Leaf[]): Section {
  return section(bold(`${label}: `), ...leaves)
}
