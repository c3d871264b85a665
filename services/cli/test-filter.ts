import { resourceTypes, severities } from '#model'
import { nearest } from '#runtime'
import type { LoadedDetection } from '#detection'

/** The names that users know from Panther, for our slots. */
const slotNames: Readonly<Record<string, string>> = { analysistype: 'kind', policyid: 'id', ruleid: 'id' }

const truth = ['true', 'false']
/** What may be filtered by, in small letters, each with its values; null: any. */
const filterValues: Readonly<Record<string, readonly string[] | null>> = {
  id: null,
  displayname: null,
  // Commands for Panther's tool often name all kinds; only these three have tests.
  kind: [
    'policy',
    'rule',
    'scheduled_rule',
    'correlation_rule',
    'global',
    'datamodel',
    'pack',
    'lookup_table',
    'saved_query',
    'scheduled_query',
    'scheduled_prompt',
  ],
  severity: severities,
  status: ['Experimental', 'Stable', 'Deprecated', 'Staged'],
  resourcetypes: [...resourceTypes, 'AWS.Route53.HostedZone', 'AWS.Route53Domains'],
  logtypes: null,
  tags: null,
  destinations: null,
  createdby: null,
  enabled: truth,
  createalert: truth,
  // Panther's fields besides.
  actiondelayseconds: null,
  autoremediationid: null,
  basedetection: null,
  baseversion: null,
  dedupperiodminutes: null,
  description: null,
  filename: null,
  onlyusebaseriskscore: truth,
  outputids: null,
  reference: null,
  runbook: null,
  scheduledqueries: null,
  summaryattributes: null,
  suppressions: null,
  threshold: null,
}

/** A test for detections (`Severity=HIGH,CRITICAL`, `Severity!=INFO`; all must hold), or what is wrong with a filter. */
export function readFilters(filters: readonly string[]): ((detection: LoadedDetection) => boolean) | string {
  const tests: ((detection: LoadedDetection) => boolean)[] = []
  for (const filter of filters) {
    const [, name, not, values] = /^([A-Za-z]+)(!?)=(.+)$/u.exec(filter) ?? []
    if (name === undefined || values === undefined) return `--filter: given ${filter}; allowed: KEY=VALUE[,VALUE…] or KEY!=VALUE`
    const slot = slotNames[name.toLowerCase()] ?? name.toLowerCase()
    const allowed = filterValues[slot]
    if (allowed === undefined)
      return `--filter: given ${filter}; allowed keys: ${[...Object.keys(filterValues), ...Object.keys(slotNames)].join(', ')}`
    const wanted = new Set(values.toLowerCase().split(','))
    const unknown = allowed === null ? [] : [...wanted].filter((value) => !allowed.some((each) => each.toLowerCase() === value))
    if (allowed !== null && unknown.length > 0)
      return `--filter: given ${filter}, in which ${unknown.join(', ')} is no value of ${name}; allowed: ${nearest(unknown[0] ?? '', allowed, 6).join(', ')}`
    tests.push(({ slots }) => {
      const value = Object.entries(slots).find(([key]) => [slot, name.toLowerCase()].includes(key.toLowerCase()))?.[1]
      const has = [value].flat().some((each) => wanted.has(String(each).toLowerCase()))
      return has === (not === '')
    })
  }
  return (detection) => tests.every((test) => test(detection))
}
