import { migrate } from '#store'
import { readConfig } from '../processes/config.ts'

/** `tripline migrate`: exit code 0 when the database is at this version. */
export async function migrateCommand(options: { config: string; json: boolean }): Promise<number> {
  const { store } = await readConfig(options.config, process.env)
  await migrate(store)
  const at = store.url === undefined ? `the embedded database in ${store.folder}` : 'PostgreSQL at DATABASE_URL'
  process.stdout.write(options.json ? `${JSON.stringify({ summary: { migrated: true } })}\n` : `${at} is at this version.\n`)
  return 0
}
