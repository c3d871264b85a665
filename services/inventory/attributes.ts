import type * as z from 'zod'
import type { shapes } from './shapes/all.ts'

/** The attributes of each resource type that we fetch. */
export type AttributesByType = { [Type in keyof typeof shapes]: z.output<(typeof shapes)[Type]> }
