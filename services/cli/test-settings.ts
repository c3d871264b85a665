import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { ConfigError } from '#runtime'

/** How tests are chosen and shown; the names are those of Panther's tool. */
export interface TestSettings {
  /** `Severity=HIGH,CRITICAL` or `Severity!=INFO`; a detection must meet all. */
  readonly filter: readonly string[]
  /** The only tests to run; all where empty. */
  readonly testNames: readonly string[]
  /** A detection needs this many tests, and from 2 on both verdicts among them. */
  readonly minimumTests: number
  readonly skipDisabledTests: boolean
  readonly showFailuresOnly: boolean
  readonly sortTestResults: boolean
  /** Names that `destinations` may return; any where empty. */
  readonly availableDestination: readonly string[]
  /** Files that are not read. */
  readonly ignoreFiles: readonly string[]
  readonly ignoreExtraKeys: boolean
}
export type GivenSettings = { readonly [Name in keyof TestSettings]?: TestSettings[Name] | undefined }

const settingsFile = '.panther_settings.yml'
const nothing: TestSettings = {
  filter: [],
  testNames: [],
  minimumTests: 0,
  skipDisabledTests: false,
  showFailuresOnly: false,
  sortTestResults: false,
  availableDestination: [],
  ignoreFiles: [],
  ignoreExtraKeys: false,
}

/** What was given on the command line, else in the environment (`PANTHER_MINIMUM_TESTS`), else in `.panther_settings.yml` of the folder. */
export function readSettings(
  given: GivenSettings & { readonly paths: readonly string[] },
  environment: Readonly<Record<string, string | undefined>>,
): TestSettings & { readonly paths: readonly string[] } {
  const first = given.paths[0] ?? environment['PANTHER_PATH']
  const file = readSettingsFile([...(first === undefined ? [] : [join(first, settingsFile)]), settingsFile])
  const look = (name: string): unknown => {
    const snake = name.replaceAll(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`)
    return environment[`PANTHER_${snake.toUpperCase()}`] ?? file[snake]
  }
  const settings = Object.fromEntries(
    Object.entries(nothing).map(([name, otherwise]) => {
      const own = given[name as keyof TestSettings]
      // A switch that is off on the command line was not given.
      return [name, own === undefined || own === false ? as(otherwise, look(name), name) : own]
    }),
  ) as unknown as TestSettings
  const path = given.paths.length > 0 ? given.paths : listOf(look('path'))
  return { ...settings, paths: path }
}

function as(otherwise: unknown, value: unknown, name: string): unknown {
  if (value === undefined || value === null || value === '') return otherwise
  if (Array.isArray(otherwise)) return name === 'filter' ? filtersOf(value) : listOf(value)
  if (typeof otherwise === 'boolean') return ['true', '1', 'yes', 'on'].includes(textOf(value).toLowerCase())
  const count = Number(value)
  if (Number.isInteger(count) && count >= 0) return count
  throw new ConfigError('invalid', `${name}: given ${JSON.stringify(value)}; allowed: a whole number from 0`)
}

/** Filters hold commas themselves, so that they stand between spaces. */
function filtersOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(textOf) : textOf(value).split(/\s+/u).filter(Boolean)
}

function listOf(value: unknown): readonly string[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value.map(textOf)
  return textOf(value)
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function readSettingsFile(files: readonly string[]): Readonly<Record<string, unknown>> {
  for (const file of files) {
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch {
      // There need be none.
      continue
    }
    let settings: unknown
    try {
      settings = parse(text)
    } catch (error) {
      throw new ConfigError('not-yaml', `${file}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'is no YAML'}`)
    }
    if (typeof settings === 'object' && settings !== null && !Array.isArray(settings)) return settings as Record<string, unknown>
    throw new ConfigError('invalid', `${file}: given no settings; allowed: keys with values, as minimum_tests: 2`)
  }
  return {}
}
