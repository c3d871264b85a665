import { canonical, type FindingAlert, type Json, type JsonObject, type Place } from '#model'
import { actionInWords, actorInWords } from './actor-words.ts'
import { consoleLink, safeLink } from './console-link.ts'
import type { Outgoing } from './destination.ts'
import { differencesInWords, type Words } from './difference-words.ts'
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
import { colours, green, grey, marks, momentOf, spanOf } from './slack-looks.ts'
import type { Worded } from './slack-message.ts'
import { cut, line, lines } from './text.ts'

const mostChanges = 10
/** Of the 12,000 characters of a message. */
const changesLength = 4_500
const summaryLength = 2_500

/** Where a message goes, and when it was first posted; null: it is posted now. */
export type Told = Pick<Outgoing, 'to' | 'sentAt'>

/** Words a finding: what and where, before → after, who, from where with which tool, when, whose it is, why it matters, what to do. */
export function findingMessage(alert: FindingAlert, told: Told): Worded {
  const look = lookOf(alert)
  const title = line(alert.title, 300)
  const changes = differencesInWords(alert.differences)
  return {
    text: `${look.mark} ${look.word}: ${title} · ${inShort(alert, told, changes)}`,
    blocks: [
      header(`${look.mark} ${look.ended ? `${look.word}: ` : ''}${title}`),
      richText(section(...stateOf(alert, look.word))),
      richText(list(...placeOf(alert))),
      ...changesOf(alert, changes),
      ...(changes.length > 0 ? [] : [...detailsOf(alert.context), ...summaryOf(alert)]),
      richText(list(...storyOf(alert, told))),
    ],
    colour: look.colour,
    aside: asideOf(alert),
  }
}

/** The story in a line, for notifications and for those who have it read to them. */
function inShort({ place, cause, ended }: FindingAlert, { to }: Told, changes: readonly Words[]): string {
  const [first] = changes
  const parts = [`${nameOf(place)} in ${line(place.accountName, 60)}`]
  if (ended?.cause) parts.push(`by ${actionInWords(ended.cause)}`)
  else if (ended === null && first !== undefined) parts.push(cut(`${first.what}: ${first.before} → ${first.after}`, 300))
  if (ended === null && cause !== null) parts.push(`by ${actionInWords(cause)}`)
  if (to.team !== null) parts.push(`team ${line(to.team, 60)}`)
  return parts.join(' · ')
}

interface Look {
  readonly mark: string
  readonly word: string
  readonly colour: string
  readonly ended: boolean
}

function lookOf(alert: FindingAlert): Look {
  const { severity, ended } = alert
  if (ended === null) return { mark: marks[severity], word: severity, colour: colours[severity], ended: false }
  if (ended.how === 'fixed')
    return { mark: '✅', word: revertedMs(alert) === null ? 'Resolved' : 'Reverted', colour: green, ended: true }
  if (ended.how === 'gone') return { mark: '✅', word: 'Resource gone', colour: green, ended: true }
  if (ended.how === 'superseded') return { mark: '➡️', word: 'Superseded', colour: grey, ended: true }
  return { mark: '⚪', word: 'Retired', colour: grey, ended: true }
}

/** A change that is taken back so soon is called reverted. */
const revertedWithinMs = 15 * 60_000

/** The time from the change to the one that took it back; null when it was no change, or not so soon, or nobody knows. */
function revertedMs({ cause, origin, ended }: FindingAlert): number | null {
  if (origin !== 'change' || cause === null || ended === null || ended.how !== 'fixed' || ended.cause === null) return null
  const ms = Date.parse(ended.cause.time) - Date.parse(cause.time)
  return ms >= 0 && ms <= revertedWithinMs ? ms : null
}

const notShown = ' · unconfirmed: AWS has not shown the change itself, so this may be the state before it'

/** The line under the title: new, repeated, or how it ended and by whom. */
function stateOf(alert: FindingAlert, word: string): Leaf[] {
  const { severity, count, unconfirmed, ended } = alert
  const repeated = count > 1 ? ` · seen ×${count}` : ''
  if (ended === null)
    return [bold(severity), plain(count > 1 ? ` · repeated ×${count}` : ' · new'), ...(unconfirmed ? [plain(notShown)] : [])]
  const was = `(was ${severity}${repeated})`
  const when = momentOf(ended.at)
  if (ended.how === 'retired')
    return [bold(word), plain(` · ${when} · its detection was removed or looks at it no more, so nobody checks this ${was}`)]
  const by = ended.cause === null ? 'no event says by whom' : `by ${actionInWords(ended.cause)}`
  if (ended.how === 'superseded')
    return [bold(word), plain(` · ${when} · ${by} · now: ${line(ended.instead ?? 'it fails in another way', 300)} ${was}`)]
  const reverted = revertedMs(alert)
  return [bold(word), plain(`${reverted === null ? '' : ` after ${spanOf(reverted)}`} · ${when} · ${by} ${was}`)]
}

function placeOf({ place }: FindingAlert): Section[] {
  const what = place.resourceId === null ? [] : [fact('What', ...whatOf(place))]
  return [...what, fact('Where', plain(whereOf(place)))]
}

function storyOf({ cause, attention, openedAt, origin }: FindingAlert, { to, sentAt }: Told): Section[] {
  const owner = to.team === null ? plain('nobody') : bold(line(to.team, 100))
  const owned = fact('Owner', owner, plain(` · ${line(to.because, 300)}`))
  if (cause === null) {
    const found = { baseline: 'on the first look', detection: 'by a new detection', time: 'as time passed', change: 'by looking' }
    return [fact('When', plain(`found ${found[origin]}, ${momentOf(openedAt)}`)), owned]
  }
  const who = actorInWords(cause.actor)
  const page = who.page === null ? [] : [plain(' '), link(who.page, 'open the build')]
  const mentioned = who.mention === null ? [] : [plain(' '), mention(who.mention)]
  const arn = who.arn === null ? [] : [plain(' '), code(who.arn)]
  // Of what a scan found it is not known which change made it so.
  const did = origin === 'change' ? 'Who' : 'Last changed by'
  const service = line(cause.source.replace(/\.amazonaws\.com$/u, ''), 60)
  const laterMs = (sentAt ?? new Date()).getTime() - Date.parse(cause.time)
  // Of an older change the distance says nothing about us.
  const told = origin === 'change' && laterMs >= 0 ? ` · told ${spanOf(laterMs)} later` : ''
  return [
    fact(did, bold(who.name), ...mentioned, plain(` (${who.what})`), ...arn, ...page),
    ...(who.from === null ? [] : [fact('From', plain(who.from))]),
    ...(attention ?? []).map((each) => fact('Attention', plain(line(each, 300)))),
    fact('When', plain(`${momentOf(cause.time)}, ${service} ${line(cause.name, 100)}${told}`)),
    owned,
  ]
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

function changesOf({ place, otherDifferences, essential }: FindingAlert, words: readonly Words[]): RichText[] {
  if (words.length === 0) return []
  const rows: Section[] = []
  let left = changesLength
  for (const { what, before, after } of words.slice(0, mostChanges)) {
    left -= what.length + before.length + after.length
    if (left < 0) break
    rows.push(section(bold(`${what}: `), code(before), plain(' → '), code(after)))
  }
  const more = words.length - rows.length + otherDifferences
  const all = place.resourceId === null ? [] : [plain(': '), code(cut(`tripline resource ${line(place.resourceId, 300)}`, 330))]
  const which = essential ? 'that make no difference here' : 'more'
  const rest = more > 0 ? [section(plain(`${more} ${which}`), ...all)] : []
  return [richText(section(bold('What changed')), list(...rows, ...rest))]
}

/** What a rule added: only where no before and after tells the story. */
function detailsOf(context: JsonObject): RichText[] {
  const rows = Object.entries(context)
    .filter(([, value]) => value !== null && value !== '')
    .slice(0, 6)
    .map(([key, value]) => fact(line(key, 60), plain(line(valueInWords(value), 200))))
  return rows.length === 0 ? [] : [richText(section(bold('Details')), list(...rows))]
}

/** The values that came most often, with how often. */
function summaryOf({ summary = [] }: FindingAlert): RichText[] {
  const rows: Section[] = []
  let left = summaryLength
  for (const { path, values, others } of summary) {
    const shown = values.map(({ value, count }) => [code(line(value, 60)), plain(` ×${count}`)])
    const parts = others === 0 ? shown : [...shown, [plain(`others ×${others}`)]]
    const row = fact(line(path, 60), ...parts.flatMap((part, index) => (index === 0 ? part : [plain(', ')].concat(part))))
    left -= row.elements.reduce((sum, leaf) => sum + ('text' in leaf ? leaf.text.length : 0), 0)
    if (left < 0) break
    rows.push(row)
  }
  return rows.length === 0 ? [] : [richText(section(bold('Most frequent')), list(...rows))]
}

function valueInWords(value: Json): string {
  if (typeof value === 'string') return value
  const texts = Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
  return Array.isArray(value) && texts.length === value.length ? texts.join(', ') : canonical(value)
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
