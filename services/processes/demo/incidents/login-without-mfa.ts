import { milo } from './callers.ts'
import { nothing, type Incident } from './incident.ts'

export const loginWithoutMfa: Incident = {
  title: 'Milo signs in to the development console without a second factor',
  account: 'acme-dev',
  change: nothing,
  calls: () => [{ source: 'signin.amazonaws.com', name: 'ConsoleLogin', by: milo, signIn: { mfa: false } }],
  copies: 1,
  expected: [{ detection: 'AWS.Console.LoginWithoutMFA', channel: 'dev-alerts', about: 'milo', state: 'new' }],
}
