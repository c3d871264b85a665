import type { JsonObject } from '#model'
import { freezeJson, kindOf } from './limits.ts'

/** What is known of another resource: its attributes, null when there is no such resource, undefined when nobody has read it yet. */
export type Known = (id: string) => JsonObject | null | undefined

/** The look-ups of one run of a policy. */
export interface Looking {
  /** What the policy is handed; of no use once the run has ended. */
  readonly others: { readonly lookUp: (id: unknown) => JsonObject | null }
  readonly asked: ReadonlySet<string>
  /** True once something was asked for that nobody has read yet: whatever the run says, it is repeated with that. */
  readonly incomplete: boolean
  /** Why the run has no answer, whatever the policy made of the exception. */
  readonly refusal: string | null
  end(): void
}

const mostIds = 100
/** The longest ARN. */
const longestId = 2_048

export function startLooking(known: Known): Looking {
  const asked = new Set<string>()
  let [incomplete, ended] = [false, false]
  let refusal: string | null = null
  const refuse: (message: string) => never = (message) => {
    refusal ??= message
    throw new TypeError(message)
  }
  const lookUp = (id: unknown): JsonObject | null => {
    if (ended) throw new TypeError('lookUp was kept from an earlier call; allowed: the one that this call was given')
    if (!isId(id)) return refuse(`lookUp was given ${described(id)}; allowed: the id of a resource`)
    if (asked.size >= mostIds && !asked.has(id)) return refuse(`looked up more than ${mostIds} resources; allowed: ${mostIds}`)
    asked.add(id)
    const found = known(id)
    // Null stands in: so the run names all it wants at once, and there is no exception that its code could swallow.
    if (found === undefined) incomplete = true
    return found === undefined || found === null ? null : freezeJson(found)
  }
  return {
    others: Object.freeze({ lookUp: Object.freeze(lookUp) }),
    asked,
    get incomplete() {
      return incomplete
    },
    get refusal() {
      return refusal
    },
    end() {
      ended = true
    },
  }
}

/** Text that a database can be asked for. */
function isId(id: unknown): id is string {
  return typeof id === 'string' && id !== '' && id.length <= longestId && id.isWellFormed() && !id.includes('\0')
}

function described(id: unknown): string {
  if (typeof id !== 'string') return kindOf(id)
  if (id === '') return 'no text'
  return id.length > longestId ? `${id.length} characters` : 'broken characters'
}
