import * as z from 'zod'

// Shapes take AWS's answers as the SDK gives them and keep exactly the known keys: unset is null, times are text, empty lists are null.

export const text = z.string().nullable().default(null)
export const flag = z.boolean().nullable().default(null)
export const whole = z.int().nullable().default(null)

/** A time as RFC 3339, without a fraction when it is a whole second. */
export const time = z.date().transform(rfc3339).nullable().default(null)

/** A list; null when empty, since AWS tells neither from the other reliably. */
export function list<Member extends z.ZodType>(member: Member) {
  return z
    .array(member)
    .nullable()
    .default(null)
    .transform((members) => (members === null || members.length === 0 ? null : members))
}

/** A nested object, all of whose keys are there, or null. */
export function part<Fields extends z.ZodRawShape>(fields: Fields) {
  return z.object(fields).nullable().default(null)
}

/** A map of texts (inline policies by name); null when empty. */
export const texts = z
  .record(z.string(), z.string())
  .nullable()
  .default(null)
  .transform((map) => (map === null || Object.keys(map).length === 0 ? null : map))

/** A secret: that it is set, and never what it is. */
export const hidden = text.transform((value) => (value === null ? null : '***'))

/** A map of secrets by name: which there are, and never what they are. */
export const hiddenTexts = texts.transform((map) =>
  map === null ? null : Object.fromEntries(Object.keys(map).map((key) => [key, '***'] as const)),
)

/** Tags as AWS lists them inside other things. */
export const tagList = list(z.object({ Key: text, Value: text }))

/** Tags of the resource itself: from AWS's list to a map. */
const tagMap = z
  .array(z.object({ Key: z.string(), Value: z.string().default('') }))
  .nullable()
  .default(null)
  .transform((tags) =>
    tags === null || tags.length === 0 ? null : Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value] as const)),
  )

/** The keys that every resource has. */
export function common<const Type extends string>(type: Type) {
  return {
    AccountId: z.string(),
    Region: z.string(),
    ResourceId: z.string(),
    ResourceType: z.literal(type),
    Tags: tagMap,
    TimeCreated: time,
  }
}

export function rfc3339(date: Date): string {
  return date.toISOString().replace('.000Z', 'Z')
}
