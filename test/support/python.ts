import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { loadPyodide } from 'pyodide'

const lib = join(import.meta.dirname, '../../services/detection/python/lib')

/** Python with our modules, and the functions of a module written here. */
export async function startPython(code: string): Promise<(name: string, given: unknown) => unknown> {
  const python = await loadPyodide({ stdout: () => undefined, stderr: () => undefined })
  for (const entry of readdirSync(lib, { recursive: true, withFileTypes: true })) {
    const below = entry.parentPath.slice(lib.length)
    if (entry.isDirectory()) python.FS.mkdirTree(`/lib/tripline${below}/${entry.name}`)
    else python.FS.writeFile(`/lib/tripline${below}/${entry.name}`, readFileSync(join(entry.parentPath, entry.name), 'utf8'))
  }
  python.runPython(`import sys\nsys.path.insert(0, "/lib/tripline")\n${code}`)
  return (name, given) => {
    const call = python.globals.get(name) as (text: string) => string
    return JSON.parse(call(JSON.stringify(given))) as unknown
  }
}
