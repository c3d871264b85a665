import { root } from './callers.ts'
import { nothing, type Incident } from './incident.ts'

export const rootLogin: Incident = {
  title: 'Somebody signs in to the production console as root (and the queue delivers the event twice)',
  account: 'acme-prod',
  change: nothing,
  calls: () => [{ source: 'signin.amazonaws.com', name: 'ConsoleLogin', region: 'us-east-1', by: root, signIn: { mfa: true } }],
  copies: 2,
  expected: [{ detection: 'AWS.Console.RootLogin', channel: 'security', about: 'root', state: 'new' }],
}
