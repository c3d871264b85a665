import { aFolder, type Folder } from '../world.ts'

/** A detection in Panther's layout: its code, and what its specification says beside the least. */
export interface PythonDraft {
  readonly code: string
  readonly kind?: 'rule' | 'policy' | 'scheduled_rule'
  readonly spec?: Readonly<Record<string, unknown>>
}

/** A repository of detections by id, with the modules that they share and the data models. */
export async function aRepository(
  detections: Readonly<Record<string, PythonDraft>>,
  shared: Readonly<Record<string, string>> = {},
  others: Readonly<Record<string, string>> = {},
): Promise<Folder> {
  const files: Record<string, string> = { ...others }
  for (const [id, { code, kind = 'rule', spec = {} }] of Object.entries(detections)) {
    const least = { AnalysisType: kind, Enabled: true, Filename: `${id}.py`, Severity: 'Medium' }
    const own =
      kind === 'policy' ? { PolicyID: id, ResourceTypes: ['AWS.S3.Bucket'] } : { RuleID: id, LogTypes: ['AWS.CloudTrail'] }
    const folder = kind === 'policy' ? 'policies' : 'rules'
    files[`${folder}/${id}.py`] = code
    files[`${folder}/${id}.json`] = JSON.stringify({ ...least, ...own, ...spec })
  }
  for (const [id, code] of Object.entries(shared)) {
    files[`global_helpers/${id}.py`] = code
    files[`global_helpers/${id}.json`] = JSON.stringify({ AnalysisType: 'global', GlobalID: id, Filename: `${id}.py` })
  }
  return await aFolder(files)
}
