/** The log types that are known without a schema, by the names that Panther gives them or would: CloudTrail and what AWS itself finds. */
export const logTypes = [
  'AWS.CloudTrail',
  'AWS.GuardDuty',
  'AWS.SecurityFindingFormat',
  'AWS.Inspector',
  'AWS.AccessAnalyzer',
  'AWS.Macie',
  'AWS.Health',
] as const
