import * as z from 'zod'
import { common, flag, whole } from './parts.ts'

/** `AWS.PasswordPolicy` */
export const iamPasswordPolicyShape = z.object({
  ...common('AWS.PasswordPolicy'),
  Name: z.string(),
  AllowUsersToChangePassword: flag,
  AnyExist: flag,
  ExpirePasswords: flag,
  HardExpiry: flag,
  MaxPasswordAge: whole,
  MinimumPasswordLength: whole,
  PasswordReusePrevention: whole,
  RequireLowercaseCharacters: flag,
  RequireNumbers: flag,
  RequireSymbols: flag,
  RequireUppercaseCharacters: flag,
})
