import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { ConfigError, logOnlyErrors, logToStdout, stopSignal, TriplineError } from '#runtime'
import { roles, type Role } from '../processes/roles.ts'
import type { BenchOptions } from './bench-command.ts'
import type { BenchmarkOptions } from './benchmark-command.ts'
import type { BundlesOptions, RollbackOptions } from './bundles-command.ts'
import { foreignCommand, foreignCommands } from './foreign-commands.ts'
import type { CheckPacksOptions } from './check-packs-command.ts'
import type { DetectionsOptions } from './detections-command.ts'
import type { FindingsOptions } from './findings-command.ts'
import type { GapsOptions } from './gaps-command.ts'
import type { GroupOptions } from './group-command.ts'
import type { QuarantineListOptions, RedriveOptions } from './quarantine-command.ts'
import type { ReplayOptions } from './replay-command.ts'
import type { ResourceOptions } from './resource-command.ts'
import type { RouteOptions } from './route-command.ts'
import type { ScanOptions } from './scan-command.ts'
import type { StagedOptions } from './staged-command.ts'
import type { GivenSettings } from './test-settings.ts'
import type { UploadOptions } from './upload-command.ts'
import { visibleLines } from './words.ts'

type PacksGiven = CheckPacksOptions['settings'] & { readonly path?: string; readonly json: boolean }
type UploadGiven = Omit<UploadOptions, 'folder' | 'settings'> & UploadOptions['settings']

if (Number(process.versions.node.split('.')[0]) < 26) {
  process.stderr.write(
    `tripline needs the Node that comes with it (26); this is ${process.version}. Start it as \`npm run -s tripline -- …\`.\n`,
  )
  process.exit(2)
}

// Halves the start. Beside the packages, where only who may change those can write; where nobody may, it stays off.
enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/node', import.meta.url)))

const program = new Command('tripline')
  .description(
    'Tells the team that owns an AWS resource, in its Slack channel and within a second, what changed, who did it, and whether it is still so.',
  )
  .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
  .showHelpAfterError('(see --help)')
  .exitOverride()

const json = (): Option =>
  new Option('--json', 'JSON only on stdout, one object a line, the last one {"summary": …}').default(false)
const noIndex = (): Option => new Option('--no-index', 'ask Python rules about every event, also those that they cannot match')
const config = (): Option => new Option('--config <file>', 'the configuration').default('tripline.yaml')

program
  .command('demo')
  .description('play incidents through the whole line on embedded parts; needs no account, no Slack, no network')
  .option('--html <file>', 'write the messages as a page that looks as they do in Slack')
  .addOption(json())
  .action(async (options: { json: boolean; html?: string }) => {
    const { runDemo } = await import('../processes/demo/demo.ts')
    process.exitCode = await runDemo({ ...options, color: process.stdout.isTTY && process.env['NO_COLOR'] === undefined })
  })

program
  .command('run')
  .description('the real thing: read the queues, re-fetch, judge, and tell the teams, until stopped')
  .addOption(config())
  .option('--only <roles>', `run only these parts, with commas between: ${roles.join(', ')}`, readRoles)
  .addOption(noIndex())
  .action(async ({ only = new Set(roles), index, ...options }: { config: string; only?: ReadonlySet<Role>; index: boolean }) => {
    logToStdout()
    const { readConfig } = await import('../processes/config.ts')
    const { runTripline } = await import('../processes/run.ts')
    const stop = stopSignal()
    // What is not finished 10 s after SIGTERM is given up: its leases run out and another process takes it.
    stop.addEventListener('abort', () => setTimeout(() => process.exit(1), 10_000).unref())
    await runTripline(await readConfig(options.config, process.env), { only, index, stop })
  })

program
  .command('check')
  .description('say what `run` would find: configuration, database, queues, roles of the accounts, Slack channels, detections')
  .addOption(config())
  .addOption(json())
  .action(async (options: { config: string; json: boolean }) => {
    const { checkCommand } = await import('./check-command.ts')
    process.exitCode = await checkCommand(options)
  })

program
  .command('test')
  .description(
    "run the tests inside detections, in TypeScript and in Panther's layout; without a path, those that come with Tripline. " +
      'Options may also stand in the environment (PANTHER_MINIMUM_TESTS=2) or in .panther_settings.yml (minimum_tests: 2)',
  )
  .argument('[path...]', 'folders or files of detections')
  .option('--path <path>', 'a folder, as an argument')
  .option('--filter <key=value...>', 'only detections whose metadata match, as Severity=HIGH; with != those that do not')
  .option('--test-names <name...>', 'only tests of these names')
  .option('--minimum-tests <n>', 'fail detections with fewer tests', countOf('--minimum-tests'))
  .option('--skip-disabled-tests', 'leave out detections that are not enabled')
  .option('--show-failures-only', 'print only what failed')
  .option('--sort-test-results', 'print by id')
  .option('--available-destination <name...>', 'fail tests whose destinations are none of these')
  .option('--ignore-files <path...>', 'files of a repository that are not read; * is anything')
  .option('--ignore-extra-keys', 'accept fields of specifications that nobody knows')
  .addOption(new Option('--ignore-table-names', 'for Panther: there are no tables here').hideHelp())
  .addOption(new Option('--valid-table-names <name...>', 'for Panther: there are no tables here').hideHelp())
  .addOption(new Option('--workers <n>', 'for Panther: tests run in one process here').hideHelp())
  .addOption(json())
  .action(async (given: string[], { path, ...options }: GivenSettings & { path?: string; json: boolean }) => {
    const [{ testCommand }, { readSettings }] = await Promise.all([import('./test-command.ts'), import('./test-settings.ts')])
    const paths = [...given, ...(path === undefined ? [] : [path])]
    process.exitCode = await testCommand({ ...readSettings({ ...options, paths }, process.env), json: options.json })
  })

program
  .command('debug')
  .description('run one test of a detection and show what each of its functions came to, and what was printed')
  .argument('<id>', 'the detection')
  .argument('<test>', 'the name of the test')
  .argument('[path...]', 'folders or files of detections')
  .action(async (id: string, test: string, paths: string[]) => {
    const { debugCommand } = await import('./debug-command.ts')
    process.exitCode = await debugCommand({ id, test, paths })
  })

program
  .command('check-packs')
  .description('whether each pack of a repository holds every helper, data model, rule and query that its items need')
  .argument('[path]', "a repository in Panther's layout; here where left out")
  .option('--path <path>', 'the repository, as an argument')
  .option('--ignore-files <path...>', 'files of a repository that are not read; * is anything')
  .addOption(json())
  .action(async (given: string | undefined, { path = given, ignoreFiles, json: asJson }: PacksGiven) => {
    const { checkPacksCommand } = await import('./check-packs-command.ts')
    const paths = path === undefined ? [] : [path]
    process.exitCode = checkPacksCommand({ paths, settings: { ignoreFiles }, json: asJson })
  })

program
  .command('init')
  .description('make a folder of detections to begin with: a policy and a rule in each language, tests inside')
  .argument('<folder>', 'a new or an empty folder')
  .addOption(json())
  .action(async (folder: string, options: { json: boolean }) => {
    const { initCommand } = await import('./init-command.ts')
    process.exitCode = await initCommand({ ...options, folder })
  })

const by = (): Option => new Option('--by <who>', 'who does it; your user name and this machine where left out')
const message = (): Option => new Option('--message <text>', 'why, kept with it')

program
  .command('upload')
  .description(
    'test a folder of detections, keep it as a bundle and make it count: every running process switches within 5 seconds',
  )
  .argument('<folder>', 'the folder: all its files become the bundle')
  .addOption(config())
  .option('--force', 'although tests fail, and without the items that are invalid', false)
  .option('--dry-run', 'only say which findings would open and close over what is stored', false)
  .addOption(by())
  .addOption(message())
  .option('--minimum-tests <n>', 'refuse detections with fewer tests', countOf('--minimum-tests'))
  .option('--ignore-files <path...>', 'files of the folder that are no part of it; * is anything')
  .option('--ignore-extra-keys', 'accept fields of specifications that nobody knows')
  .addOption(refusedOption('--filter <key=value...>', 'a bundle is the whole folder; what must not run is `Enabled: false`'))
  .addOption(refusedOption('--skip-tests [no]', 'the tests run always; --force uploads although some fail'))
  .addOption(json())
  .action(async (folder: string, { ignoreFiles, ignoreExtraKeys, minimumTests, ...options }: UploadGiven) => {
    logOnlyErrors()
    const { uploadCommand } = await import('./upload-command.ts')
    const settings = { ignoreFiles, ignoreExtraKeys, minimumTests }
    process.exitCode = await uploadCommand({ ...options, folder, settings })
  })

program
  .command('bundles')
  .description('the bundles of detections that were uploaded, newest first: when, by whom, from where, and which counts')
  .addOption(config())
  .option('--history', 'every upload and rollback instead', false)
  .option('--limit <n>', 'show so many at most', countOf('--limit'), 100)
  .addOption(json())
  .action(async (options: BundlesOptions) => {
    logOnlyErrors()
    const { bundlesCommand } = await import('./bundles-command.ts')
    process.exitCode = await bundlesCommand(options)
  })

program
  .command('rollback')
  .description('make an older bundle count again')
  .argument('[number]', 'the bundle; 0 for none; where left out, what counted before', countOf('number'))
  .addOption(config())
  .addOption(by())
  .addOption(message())
  .addOption(json())
  .action(async (number: number | undefined, options: Omit<RollbackOptions, 'number'>) => {
    logOnlyErrors()
    const { rollbackCommand } = await import('./bundles-command.ts')
    process.exitCode = await rollbackCommand({ ...options, ...(number === undefined ? {} : { number }) })
  })

program
  .command('replay')
  .description('run CloudTrail files or folders ({"Records":[…]}, .json.gz, NDJSON, EventBridge envelopes) through the rules')
  .argument('<file...>', 'files or folders')
  .option('--detections <path...>', 'folders of detections', ['rules'])
  .option('--log-type <name>', 'the files are records of this log, as AWS.VPCFlow')
  .option('--schemas <path...>', 'folders of schemas, beside those that come with Tripline', [])
  .addOption(noIndex())
  .addOption(json())
  .action(async (files: string[], options: Omit<ReplayOptions, 'files'>) => {
    const { replayCommand } = await import('./replay-command.ts')
    process.exitCode = await replayCommand({ ...options, files })
  })

program
  .command('benchmark')
  .description('how long one rule takes over recorded events: reading and judging in each iteration, and the slowest events')
  .argument('<id>', 'the rule')
  .argument('<file...>', 'files or folders of events, as for replay')
  .option('--detections <path...>', 'folders of detections', ['rules'])
  .option('--iterations <n>', 'how often', countOf('--iterations'), 5)
  .option('--log-type <name>', 'the files are records of this log, as AWS.VPCFlow')
  .option('--schemas <path...>', 'folders of schemas, beside those that come with Tripline', [])
  .addOption(noIndex())
  .addOption(json())
  .action(async (id: string, files: string[], options: Omit<BenchmarkOptions, 'id' | 'files'>) => {
    const { benchmarkCommand } = await import('./benchmark-command.ts')
    process.exitCode = await benchmarkCommand({ ...options, id, files })
  })

program
  .command('scan')
  .description('look at everything, or at a part of it, now; waits until it is done')
  .addOption(config())
  .option('--account <id>', 'only this account')
  .option('--region <name>', 'only this region; `global` for account-wide types')
  .option('--type <name>', 'only this resource type, as AWS.S3.Bucket')
  .addOption(json())
  .action(async (options: ScanOptions) => {
    logOnlyErrors()
    const { scanCommand } = await import('./scan-command.ts')
    process.exitCode = await scanCommand(options, stopSignal())
  })

program
  .command('resource')
  .description('what is known of a resource: its state, its changes, its findings')
  .argument('<id>', 'its id, the end of its id, or its name')
  .addOption(config())
  .option('--at <time>', 'its state as it was then (RFC 3339)')
  .option('--as-test', 'its state as a test resource for a policy', false)
  .addOption(json())
  .action(async (id: string, options: Omit<ResourceOptions, 'id'>) => {
    logOnlyErrors()
    const { resourceCommand } = await import('./resource-command.ts')
    process.exitCode = await resourceCommand({ ...options, id })
  })

program
  .command('findings')
  .description('what is open, most severe first, with who did it')
  .addOption(config())
  .option('--status <words>', 'open, resolved, retired, counting, with commas between, or all', 'open')
  .option('--severity <words>', 'as CRITICAL,HIGH')
  .option('--account <id>', 'only this account')
  .option('--region <name>', 'only this region')
  .option('--detection <id>', 'only of this detection')
  .option('--type <name>', 'only of this resource type, as AWS.S3.Bucket')
  .option('--team <id>', 'only what this team was told')
  .option('--thread <id>', 'those of one thread, whatever their status; the id stands in its first message')
  .option('--limit <n>', 'show so many at most', countOf('--limit'), 100)
  .addOption(json())
  .action(async (options: FindingsOptions) => {
    logOnlyErrors()
    const { findingsCommand } = await import('./findings-command.ts')
    process.exitCode = await findingsCommand(options)
  })

program
  .command('gaps')
  .description('what did not come: silent accounts and regions, stopped trails, what was made up for; and who was never heard')
  .addOption(config())
  .option('--limit <n>', 'show so many at most', countOf('--limit'), 100)
  .addOption(json())
  .action(async (options: GapsOptions) => {
    logOnlyErrors()
    const { gapsCommand } = await import('./gaps-command.ts')
    process.exitCode = await gapsCommand(options)
  })

program
  .command('detections')
  .description('what each detection found and when last; with --dead, those that cannot match or have been silent')
  .addOption(config())
  .option('--dead', 'only those that cannot match, or found nothing for --days', false)
  .option('--days <n>', 'silent for so long is dead', countOf('--days'), 30)
  .addOption(json())
  .action(async (options: DetectionsOptions) => {
    logOnlyErrors()
    const { detectionsCommand } = await import('./detections-command.ts')
    process.exitCode = await detectionsCommand(options)
  })

program
  .command('staged')
  .description('what each staged detection would have told, and where it is noisiest: whether it is fit to be promoted')
  .addOption(config())
  .addOption(json())
  .action(async (options: StagedOptions) => {
    logOnlyErrors()
    const { stagedCommand } = await import('./staged-command.ts')
    process.exitCode = await stagedCommand(options)
  })

program
  .command('route')
  .description('where the alert of a finding, a resource or a sample goes, and why, step by step')
  .argument('<what>', "a finding's id, a sample (.json), or a resource: its id, the end of its id, or its name")
  .addOption(config())
  .option('--severity <word>', 'for a resource or a sample: as if a finding had this severity')
  .option('--detection <id>', 'for a resource or a sample: as if it were of this detection')
  .option('--at <time>', 'as if it were told then (RFC 3339), for routes with hours')
  .addOption(json())
  .action(async (what: string, options: Omit<RouteOptions, 'what'>) => {
    logOnlyErrors()
    const { routeCommand } = await import('./route-command.ts')
    process.exitCode = await routeCommand({ ...options, what })
  })

program
  .command('group')
  .description('which resources are in an asset group now')
  .argument('<name>', 'the group, as tripline.yaml names it')
  .addOption(config())
  .option('--limit <n>', 'show so many at most', countOf('--limit'), 100)
  .addOption(json())
  .action(async (name: string, options: Omit<GroupOptions, 'name'>) => {
    logOnlyErrors()
    const { groupCommand } = await import('./group-command.ts')
    process.exitCode = await groupCommand({ ...options, name })
  })

const quarantine = program
  .command('quarantine')
  .description('what could not be used, with its reason: look at it, try it again, throw it away; kept for 30 days')

quarantine
  .command('list')
  .description('newest first')
  .addOption(config())
  .option('--reason <word>', 'only of this reason, as unknown-account')
  .option('--limit <n>', 'show so many at most', countOf('--limit'), 100)
  .addOption(json())
  .action(async (options: QuarantineListOptions) => {
    logOnlyErrors()
    const { listQuarantine } = await import('./quarantine-command.ts')
    process.exitCode = await listQuarantine(options)
  })

quarantine
  .command('show')
  .description('one item with its body')
  .argument('<id>', 'its id, or at least 8 letters of its beginning')
  .addOption(config())
  .addOption(json())
  .action(async (id: string, options: { config: string; json: boolean }) => {
    logOnlyErrors()
    const { showQuarantine } = await import('./quarantine-command.ts')
    process.exitCode = await showQuarantine({ ...options, ids: [id] })
  })

quarantine
  .command('retry')
  .description('hand items to intake again, after what refused them was mended; what is still refused stays')
  .argument('[id...]', 'their ids')
  .option('--all', 'everything', false)
  .option('--reason <word>', 'everything of this reason')
  .addOption(config())
  .addOption(json())
  .action(async (ids: string[], options: { config: string; json: boolean; all: boolean; reason?: string }) => {
    logOnlyErrors()
    const { retryQuarantine } = await import('./quarantine-command.ts')
    process.exitCode = await retryQuarantine({ ...options, ids }, stopSignal())
  })

quarantine
  .command('drop')
  .description('throw items away')
  .argument('[id...]', 'their ids')
  .option('--reason <word>', 'everything of this reason')
  .addOption(config())
  .addOption(json())
  .action(async (ids: string[], options: { config: string; json: boolean; reason?: string }) => {
    logOnlyErrors()
    const { dropQuarantine } = await import('./quarantine-command.ts')
    process.exitCode = await dropQuarantine({ ...options, ids })
  })

quarantine
  .command('redrive')
  .description('read a dead-letter queue to its end through intake: what can be used is used, the rest is in quarantine')
  .requiredOption('--from <queueUrl>', 'the dead-letter queue')
  .option('--for <queueUrl>', 'the queue of the configuration that it belongs to, when there is more than one')
  .addOption(config())
  .addOption(json())
  .action(async (options: RedriveOptions) => {
    logOnlyErrors()
    const { redriveQuarantine } = await import('./quarantine-command.ts')
    process.exitCode = await redriveQuarantine(options, stopSignal())
  })

program
  .command('migrate')
  .description('bring the database to this version; safe while older processes run')
  .addOption(config())
  .addOption(json())
  .action(async (options: { config: string; json: boolean }) => {
    const { migrateCommand } = await import('./migrate-command.ts')
    process.exitCode = await migrateCommand(options)
  })

program
  .command('bench')
  .description('run one benchmark of test/bench and print each figure with what it is a ratio of')
  .argument('<name>', 'the benchmark: a file name of test/bench')
  .addOption(new Option('--source <kind>', 'where the events of `line` come from').choices(['sqs', 'kafka']))
  .addOption(new Option('--seconds <n>', 'how long events come').argParser(Number))
  .addOption(json())
  .action(async (name: string, options: BenchOptions & { json: boolean }) => {
    const { benchCommand } = await import('./bench-command.ts')
    process.exitCode = await benchCommand(name, options)
  })

for (const name of Object.keys(foreignCommands))
  program
    .command(name, { hidden: true })
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .action(() => void (process.exitCode = foreignCommand(name)))

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else if (error instanceof TriplineError) {
    process.stderr.write(`${error.message}\n`)
    if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ summary: { error: error.message } })}\n`)
    process.exitCode = error instanceof ConfigError ? 2 : 1
  } else {
    // Not the error itself: those of clients carry requests, with headers and rows.
    process.stderr.write(`${visibleLines(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`)
    process.exit(1)
  }
}

function readRoles(text: string): ReadonlySet<Role> {
  const found = new Set<Role>()
  for (const word of text.split(',').map((each) => each.trim())) {
    const role = roles.find((each) => each === word)
    if (role === undefined) throw new InvalidArgumentError(`--only: given ${word}; allowed: ${roles.join(', ')}`)
    found.add(role)
  }
  return found
}

/** An option of Panther's tool that cannot be meant here: says what to do instead. */
function refusedOption(flags: string, words: string): Option {
  return new Option(flags)
    .preset('')
    .hideHelp()
    .argParser(() => {
      throw new InvalidArgumentError(words)
    })
}

function countOf(option: string): (text: string) => number {
  return (text) => {
    if (/^\d{1,6}$/u.test(text)) return Number(text)
    throw new InvalidArgumentError(`${option}: given ${text}; allowed: a whole number from 0`)
  }
}
