import { adminAttached } from './incidents/admin-attached.ts'
import { bucketMadePublic } from './incidents/bucket-made-public.ts'
import { bucketRepaired } from './incidents/bucket-repaired.ts'
import type { Incident } from './incidents/incident.ts'
import { keyRotationStopped } from './incidents/key-rotation-stopped.ts'
import { loginWithoutMfa } from './incidents/login-without-mfa.ts'
import { ordinaryWork } from './incidents/ordinary-work.ts'
import { rootLogin } from './incidents/root-login.ts'
import { secondPortOpened } from './incidents/second-port-opened.ts'
import { sshOpened } from './incidents/ssh-opened.ts'
import { terraformApply } from './incidents/terraform-apply.ts'
import { trailStopped } from './incidents/trail-stopped.ts'

/** The play, in its order. To add an incident, copy a neighbour's file and name it here. */
export const incidents: readonly Incident[] = [
  bucketMadePublic,
  ordinaryWork,
  sshOpened,
  rootLogin,
  loginWithoutMfa,
  secondPortOpened,
  trailStopped,
  keyRotationStopped,
  adminAttached,
  terraformApply,
  bucketRepaired,
]

/** Who is told, in one summary each, of what was wrong before the play. */
export const firstLook: readonly string[] = ['data-alerts', 'platform-alerts', 'dev-alerts']
