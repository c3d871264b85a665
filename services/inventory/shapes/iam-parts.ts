import * as z from 'zod'
import { list, part, text, time } from './parts.ts'

export const permissionsBoundary = part({ PermissionsBoundaryArn: text, PermissionsBoundaryType: text })

export const virtualMfa = part({ EnableDate: time, SerialNumber: text })

export const names = list(z.string())
