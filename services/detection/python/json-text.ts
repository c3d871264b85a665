/**
 * JSON for Python: whole numbers (`bigint`) exact, other numbers with their point (`1.0` stays a float), `NaN` and `Infinity` as
 * Python's json reads them.
 */
export function jsonText(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number') return numberText(value)
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  if (typeof value !== 'object') return JSON.stringify(value)
  return `{${Object.entries(value)
    .map(([key, own]) => `${JSON.stringify(key)}:${jsonText(own)}`)
    .join(',')}}`
}

function numberText(value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  const text = String(value)
  return /^-?\d+$/u.test(text) ? `${text}.0` : text
}
