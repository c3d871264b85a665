import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readPythonRepository } from '../../services/detection/python/repository.ts'

const folders: string[] = []
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })))

/** A repository of these files. */
function repository(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'tripline-panther-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

const aRule = `AnalysisType: rule
Enabled: true
Filename: a.py
RuleID: A.Rule
Severity: High
LogTypes: [AWS.CloudTrail]
Tests:
  - Name: fires
    ExpectedResult: true
    Log: { count: 12345678901234567890, share: 1.0, mode: 0644, on: yes, at: 2026-01-01T00:00:00Z }
`

test('reads a rule with its code, its metadata and its tests, whose numbers stay exact', () => {
  const root = repository({ 'rules/a.yml': aRule, 'rules/a.py': 'def rule(event):\n    return True\n' })
  const { detections, broken } = readPythonRepository(root)
  expect(broken).toEqual([])
  expect(detections).toMatchObject([
    {
      id: 'A.Rule',
      kind: 'rule',
      module: { id: 'A.Rule', file: join(root, 'rules/a.py') },
      spec: { displayName: 'A.Rule', severity: 'HIGH', logTypes: ['AWS.CloudTrail'], dedupPeriodMinutes: 60, threshold: 1 },
    },
  ])
  expect(detections[0]?.tests).toEqual([
    {
      name: 'fires',
      expected: true,
      given: '{"count":12345678901234567890,"share":1.0,"mode":644,"on":"yes","at":"2026-01-01T00:00:00Z"}',
      mocks: [],
    },
  ])
})
