import type { Item } from './read-items.ts'
import { isFielded } from './read-fields.ts'
import type { BrokenItem } from './repository.ts'

/** Fields that Panther knows and that come to nothing for a detection in Python here. */
const unused: Readonly<Record<string, string>> = {
  AlertTitle: 'is for simple detections; the function title is asked',
  AlertContext: 'is for simple detections; the function alert_context is asked',
  GroupBy: 'is for simple detections; the function dedup is asked',
  DynamicSeverities: 'is for simple detections; the function severity is asked',
  AutoRemediationID: 'is not used: nothing is remediated here',
}

/** What an author may not expect of a specification that is used. */
export function notesOn({ given, at }: Item): readonly BrokenItem[] {
  const notes: BrokenItem[] = []
  const note = (path: readonly (string | number)[], message: string): void => void notes.push({ file: at(path), message })
  for (const [name, words] of Object.entries(unused)) if (given[name] !== undefined) note([name], `${name} ${words}`)
  const minutes = given['DedupPeriodMinutes']
  if (typeof minutes === 'bigint' && minutes > 0n && minutes < 5n)
    note(['DedupPeriodMinutes'], `DedupPeriodMinutes: ${minutes} acts as 5`)
  for (const type of ['AWS.Route53.HostedZone', 'AWS.Route53Domains'])
    if ([given['ResourceTypes']].flat().includes(type)) note(['ResourceTypes'], `ResourceTypes: nobody looks at ${type} here`)
  for (const [index, test] of listOf(given['Tests']).entries())
    for (const [place, mock] of listOf(isFielded(test) ? test['Mocks'] : undefined).entries())
      if (isFielded(mock) && (mock['objectName'] === undefined || mock['returnValue'] === undefined))
        note(['Tests', index, 'Mocks', place], 'a mock without objectName or returnValue is ignored')
  return notes
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : []
}
