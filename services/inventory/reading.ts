import type { Session } from '#aws'
import type { Page } from './fetcher.ts'

/** All members of a paged answer. */
export async function gather<Page, Member>(
  pages: AsyncIterable<Page>,
  membersOf: (page: Page) => readonly Member[] | undefined,
): Promise<readonly Member[]> {
  const members: Member[] = []
  for await (const page of pages) members.push(...(membersOf(page) ?? []))
  return members
}

/** A listing's pages as ids, each with the token after which it goes on. */
export async function* idPages<Answer>(
  answers: AsyncIterable<Answer>,
  idsOf: (answer: Answer) => readonly string[] | undefined,
  nextOf: (answer: Answer) => string | undefined,
): AsyncGenerator<Page> {
  for await (const answer of answers) yield { ids: idsOf(answer) ?? [], next: nextOf(answer) || null }
}

/** Paging of an SDK paginator that begins after a page, or at the start. */
export function after(token: string | null): { startingToken?: string } {
  return token === null ? {} : { startingToken: token }
}

/** Reads side by side: the first says whether the thing is there (null: it is not), the others what else belongs to it. */
export async function together<First, Others>(
  first: Promise<First | null>,
  others: Promise<Others>,
): Promise<[First, Others] | null> {
  // Awaited below, or of no interest when there is no such thing.
  others.catch(() => undefined)
  const found = await first
  return found === null ? null : [found, await others]
}

/** What a fetcher must have got from AWS to go on. */
export function must<Value>(value: Value | null | undefined, what: string): Value {
  if (value === null || value === undefined) throw new TypeError(`expected ${what} in AWS's answer`)
  return value
}

/** The last part of an ARN: the name without its path. */
export function lastPart(arn: string): string {
  return arn.slice(Math.max(arn.lastIndexOf('/'), arn.lastIndexOf(':')) + 1)
}

/** What stands behind the account in an ARN of this service, account and region (`cluster/shop`), and behind `kind` when given; else null. */
export function resourceOf({ accountId, region, partition }: Session, service: string, arn: string, kind = ''): string | null {
  const own = `arn:${partition}:${service}:${region}:${accountId}:${kind}`
  return arn.startsWith(own) && arn.length > own.length ? arn.slice(own.length) : null
}

/** An answer of a service that writes camelCase (ECS, EKS) in PascalCase. Maps of tags and labels keep their own keys. */
export function pascal(answer: object = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(answer).map(([key, value]: [string, unknown]) => {
      const isMap = (key === 'tags' || key === 'labels') && !Array.isArray(value)
      return [key.slice(0, 1).toUpperCase() + key.slice(1), isMap ? value : pascalWithin(value)] as const
    }),
  )
}

function pascalWithin(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pascalWithin)
  return typeof value === 'object' && value !== null && !(value instanceof Date) ? pascal(value) : value
}

/** IAM's policy documents come URL-encoded. */
export function decodeDocument(document: string): string {
  return document.startsWith('%') ? decodeURIComponent(document) : document
}
