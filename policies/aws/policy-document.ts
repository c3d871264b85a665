/** One statement of an IAM-style policy document; lone values are made lists. */
export interface Statement {
  readonly sid: string
  readonly effect: string
  /** Lower case, as AWS compares them. */
  readonly actions: readonly string[]
  readonly notActions: readonly string[]
  readonly resources: readonly string[]
  readonly isForEverybody: boolean
  readonly conditions: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** The statements of a document. Text that is not one throws: what cannot be read must not pass. */
export function statementsOf(document: string | null | undefined): readonly Statement[] {
  if (document === null || document === undefined || document === '') return []
  const parsed: unknown = JSON.parse(document)
  return listOf(isRecord(parsed) ? parsed['Statement'] : undefined)
    .filter(isRecord)
    .map((statement, index) => ({
      sid: typeof statement['Sid'] === 'string' && statement['Sid'] !== '' ? statement['Sid'] : `statement ${index + 1}`,
      effect: String(statement['Effect']),
      actions: texts(statement['Action']).map((action) => action.toLowerCase()),
      notActions: texts(statement['NotAction']).map((action) => action.toLowerCase()),
      resources: statement['Resource'] === undefined ? ['*'] : texts(statement['Resource']),
      isForEverybody: statement['NotPrincipal'] !== undefined || isEverybody(statement['Principal']),
      conditions: isRecord(statement['Condition']) ? (statement['Condition'] as Statement['conditions']) : {},
    }))
}

/** True when a statement speaks of an action (`s3:getobject`, lower case). */
export function coversAction({ actions, notActions }: Statement, action: string): boolean {
  if (notActions.length > 0) return !notActions.some((pattern) => matches(pattern, action))
  return actions.some((pattern) => matches(pattern, action))
}

/** The statements that let everybody do one of some actions (lower case), whatever account they come from. */
export function openTo(document: string | null | undefined, actions: readonly string[]): readonly Statement[] {
  const statements = statementsOf(document)
  const denies = statements.filter(
    ({ effect, isForEverybody, conditions }) => effect === 'Deny' && isForEverybody && Object.keys(conditions).length === 0,
  )
  return statements.filter((statement) => {
    if (statement.effect !== 'Allow' || !statement.isForEverybody || isNarrowed(statement)) return false
    const denied = (action: string): boolean =>
      denies.some(
        (deny) => coversAction(deny, action) && statement.resources.every((one) => deny.resources.some((all) => matches(all, one))),
      )
    return actions.some((action) => coversAction(statement, action) && !denied(action))
  })
}

/** `*` is any text, `?` any letter: as AWS reads actions and resources. No pattern of a hostile document makes it slow. */
export function matches(pattern: string, text: string): boolean {
  let [at, star, tried] = [0, -1, 0]
  for (let letter = 0; letter < text.length;) {
    if (pattern[at] === '*') {
      star = at
      tried = letter
      at += 1
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[letter])) {
      at += 1
      letter += 1
    } else if (star >= 0) {
      // The last star takes one letter more.
      at = star + 1
      tried += 1
      letter = tried
    } else return false
  }
  return /^\**$/u.test(pattern.slice(at))
}

/** Keys that tie a statement to somebody or somewhere. */
const narrowingKeys = new Set([
  'aws:principalarn',
  'aws:principalaccount',
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:sourcearn',
  'aws:sourceaccount',
  'aws:sourceowner',
  'aws:sourceorgid',
  'aws:sourceip',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:userid',
  's3:dataaccesspointaccount',
])
/** Operators that fail when the key is missing, so that an anonymous call does not pass them. */
const narrowingOperators = /^(?:foranyvalue:)?(?:string(?:equals|like|equalsignorecase)|arn(?:equals|like)|ipaddress)$/u

function isNarrowed({ conditions }: Statement): boolean {
  return Object.entries(conditions).some(
    ([operator, keys]) =>
      narrowingOperators.test(operator.toLowerCase()) &&
      Object.entries(keys).some(
        ([key, value]) => narrowingKeys.has(key.toLowerCase()) && texts(value).every((each) => !isWideOpen(each)),
      ),
  )
}

/** `*`, `o-*`, `arn:aws:iam::*:root`, `0.0.0.0/0`: says nothing about whom. */
function isWideOpen(value: string): boolean {
  if (value.endsWith('/0')) return true
  if (!value.includes('*')) return false
  const account = value.startsWith('arn:') ? value.split(':')[4] : undefined
  return account === undefined || account === '' || account.includes('*')
}

function isEverybody(principal: unknown): boolean {
  if (principal === '*') return true
  return isRecord(principal) && texts(principal['AWS']).includes('*')
}

function texts(value: unknown): readonly string[] {
  return listOf(value).filter((each) => typeof each === 'string')
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  return value === undefined || value === null ? [] : [value]
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
