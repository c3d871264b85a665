import { execFile } from 'node:child_process'
import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** The public rules, the public tool that tests such rules, and what both need. The first would ask for older packages than the tool has. */
const packages = ['panther-analysis-tool==1.11.1', 'panther-detection-helpers==1.0.1', 'pycountry==24.6.1']
const rules = 'pypanther==0.1.1a62'

export const versions = `${rules}, ${packages[0]}`

export interface Environment {
  readonly python: string
  readonly tool: string
}

/** A virtual environment of Python 3.11 outside of the repository, made once and kept. */
export async function prepareEnvironment(): Promise<Environment> {
  const folder = join(tmpdir(), `tripline-corpus-${process.getuid?.() ?? 0}-${rules.split('==')[1]}`)
  const [ready, python] = [join(folder, 'ready'), join(folder, 'bin/python')]
  if (!(await isThere(ready))) {
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { mode: 0o700 })
    await run('python3.11', ['-m', 'venv', folder])
    await run(python, ['-m', 'pip', 'install', '--quiet', ...packages], { maxBuffer: 16 * 1024 * 1024 })
    await run(python, ['-m', 'pip', 'install', '--quiet', '--no-deps', rules])
    await writeFile(ready, '')
  }
  return { python, tool: join(folder, 'bin/panther_analysis_tool') }
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
