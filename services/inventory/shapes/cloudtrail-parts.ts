import * as z from 'zod'
import { flag, list, text } from './parts.ts'

const words = list(z.string())

export const eventSelectors = list(
  z.object({
    DataResources: list(z.object({ Type: text, Values: words })),
    ExcludeManagementEventSources: words,
    IncludeManagementEvents: flag,
    ReadWriteType: text,
  }),
)

export const advancedEventSelectors = list(
  z.object({
    FieldSelectors: list(
      z.object({
        EndsWith: words,
        Equals: words,
        Field: text,
        NotEndsWith: words,
        NotEquals: words,
        NotStartsWith: words,
        StartsWith: words,
      }),
    ),
    Name: text,
  }),
)
