import {
  createEvaluator,
  openFolders,
  prepareEvaluator,
  restoreBundle,
  type BundleContent,
  type Evaluator,
  type EvaluatorOptions,
  type FoldersContent,
  type Prepared,
  type PrivateFolder,
} from '#detection'
import type { Trust } from '#ingest'
import { scopePolicies } from '#ownership'
import type { ActiveBundle, Store } from '#store'
import type { Config } from './config.ts'
import { routingOf } from './routing.ts'

/** What of the store detections come from and are given. */
export type Detecting = Pick<Store, 'bundles' | 'states' | 'ruleCache'>
export type How = Pick<EvaluatorOptions, 'index'>

/** Which detections: the folders of the configuration as they were read, and the bundle that counts; null where bundles are not followed. */
export interface Wanted {
  readonly folders: FoldersContent
  readonly active: ActiveBundle | null
}
export interface Opened {
  readonly evaluator: Evaluator
  readonly wanted: Wanted
  /** Where what is run lies; it goes with the evaluator. */
  readonly folder: PrivateFolder
}

/** The detections that count for a configuration now: its folders, and the active bundle where it follows bundles. */
export async function openDetections(config: Config, store: Detecting | null): Promise<Evaluator> {
  const active = !config.followsBundles || store === null ? null : await store.bundles.active()
  return (await openWanted(config, store, { folders: (await openFolders(config.detections)).content, active })).evaluator
}

/** What would count, were the files of a folder the active bundle. */
export async function imagineDetections(config: Config, bundleFolder: string): Promise<Evaluator> {
  return scoped(config, { folders: config.detections, bundleFolder })
}

/**
 * Copies everything to a folder of this process and loads it there: whatever becomes of the folders, an evaluator process that is replaced
 * loads what the one before had.
 */
export async function openWanted(
  config: Config,
  store: Detecting | null,
  wanted: Wanted,
  { prepared: given, ...how }: How & { readonly prepared?: Prepared } = {},
): Promise<Opened> {
  const { folders, active } = wanted
  await using prepared = given ?? (await prepareEvaluator('bare'))
  const { folder } = prepared
  try {
    const bundle = store === null || active === null || active.number === 0 ? null : await fetchBundle(store, active.number)
    await folder.write(
      copiesOf(folders, bundle),
      folders.folders.map((path) => `${copied}${path}`),
    )
    const options = {
      ...how,
      ...(active === null ? {} : { bundle: { ...active, overdue: false } }),
      ...(store === null ? {} : remembering(store)),
      ...(folders.apart.length > 0 ? {} : { prepared }),
      folders: [...folders.folders.map((path) => `${folder.path}/${copied}${path}`), ...folders.apart],
      bundleFolder: bundle === null ? null : `${folder.path}/${own}`,
      startedIn: `${folder.path}/${copied}${process.cwd()}`,
    }
    return { evaluator: within(await scoped(config, options), folder, wanted), wanted, folder }
  } catch (error) {
    await folder[Symbol.asyncDispose]()
    throw error
  }
}

/** In the private folder: the bundle's files, and copies of the folders below their whole paths. */
const [own, copied] = ['bundle', 'folders']

function* copiesOf(
  { files }: FoldersContent,
  bundle: BundleContent | null,
): Generator<{ path: string; text: string | Uint8Array }> {
  for (const { path, content } of files) yield { path: `${copied}${path}`, text: content }
  for (const { path, text } of bundle?.files ?? []) yield { path: `${own}/${path}`, text }
}

async function fetchBundle(store: Detecting, number: number): Promise<BundleContent> {
  const [kept, files] = await Promise.all([store.bundles.get(number), store.bundles.files(number)])
  return restoreBundle(files, kept?.digest ?? '')
}

/** What rules may look up, and what they remember. */
function remembering({ states, ruleCache }: Detecting): Pick<EvaluatorOptions, 'lookUp' | 'cache'> {
  return { lookUp: (ids) => states.attributes(ids), cache: ruleCache }
}

async function scoped(config: Config, options: Omit<EvaluatorOptions, 'disabled' | 'trust'>): Promise<Evaluator> {
  const all = await createEvaluator({ ...options, disabled: config.disabled, trust: trustOf(config) })
  const { scopes, ownership } = routingOf(config)
  return scopePolicies(all, scopes, ownership.groups)
}

/** Calls files by where they come from, not by where they lie here; the folder goes with the evaluator. */
function within(evaluator: Evaluator, folder: PrivateFolder, { folders, active }: Wanted): Evaluator {
  const [bundle, root] = [nameOf(active?.number ?? 0), `${folder.path}/${own}`]
  const named = (text: string): string =>
    text.replaceAll(`${root}/`, `${bundle}: `).replaceAll(root, bundle).replaceAll(`${folder.path}/${copied}`, '')
  return {
    ...evaluator,
    detections: evaluator.detections.map((each) => ({ ...each, file: named(each.file) })),
    broken: [...folders.broken, ...evaluator.broken.map(({ file, message }) => ({ file: named(file), message: named(message) }))],
    async [Symbol.asyncDispose]() {
      await evaluator[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

export function nameOf(bundle: number): string {
  return `bundle ${bundle}`
}

/** Which events may be believed, those of registered accounts, and how logs are read. */
export function trustOf({ accounts, findings, logSchemas }: Pick<Config, 'accounts' | 'findings' | 'logSchemas'>): Trust {
  const { administrators } = findings
  return { accounts: accounts.map(({ id }) => id), regions: null, times: 'checked', administrators, schemas: logSchemas }
}
