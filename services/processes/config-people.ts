import * as z from 'zod'

// The keys of `tripline.yaml` that say who people are.

const name = z.string().min(1).max(200)
const person = z
  .strictObject({
    name,
    email: z.email({ error: 'allowed: an e-mail address' }).nullable().default(null),
    slack: z
      .string()
      .regex(/^[UW][A-Z0-9]{5,20}$/u, 'allowed: the id of a Slack user, as U0123ABCD')
      .nullable()
      .default(null),
    principals: z.array(name).default([]),
  })
  .refine(({ email, principals }) => email !== null || principals.length > 0, 'allowed: an email, principals, or both')

/** `people`, a list. */
export const peopleKeys = { people: z.array(person).exactOptional() }
