import { defineRule } from 'tripline'

/** What anybody may ask: that the server lives, and its version. */
const harmless = /^\/(?:healthz|livez|readyz|version)(?:[/?]|$)/u

export default defineRule({
  id: 'AWS.EKS.AnonymousRequest',
  displayName: 'A cluster answers to anybody',
  severity: 'HIGH',
  description: 'The API server of a cluster did what somebody asked who had not signed in: a binding gives rights to everybody.',
  runbook: 'Find the role binding to `system:anonymous` or `system:unauthenticated`, and remove it.',
  reference: 'https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html',
  tags: ['AWS', 'EKS'],
  logTypes: ['Amazon.EKS.Audit'],
  evaluate: ({ user, responseStatus, requestURI = '' }) => {
    const code = responseStatus?.code ?? 500
    return user?.username === 'system:anonymous' && code < 400 && !harmless.test(requestURI)
  },
  title: ({ verb, requestURI }) => `Somebody who had not signed in was let ${verb} ${requestURI}`,
  dedup: ({ verb, objectRef }, { accountId }) => `${accountId} ${verb} ${objectRef?.resource}`,
  context: ({ sourceIPs, userAgent, objectRef }) => ({ sourceIPs, userAgent, objectRef }),
  tests: [
    {
      name: 'a list of pods matches',
      expected: true,
      event: { verb: 'list', requestURI: '/api/v1/pods', user: { username: 'system:anonymous' }, responseStatus: { code: 200 } },
    },
    {
      name: 'what was refused is silent',
      expected: false,
      event: { verb: 'list', requestURI: '/api/v1/pods', user: { username: 'system:anonymous' }, responseStatus: { code: 403 } },
    },
    {
      name: 'a look at its health is silent',
      expected: false,
      event: { verb: 'get', requestURI: '/livez', user: { username: 'system:anonymous' }, responseStatus: { code: 200 } },
    },
    {
      name: 'who signed in is silent',
      expected: false,
      event: { verb: 'list', requestURI: '/api/v1/pods', user: { username: 'ann' }, responseStatus: { code: 200 } },
    },
  ],
})
