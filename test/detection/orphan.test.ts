import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { cpuMsOf } from '../../services/detection/child-process.ts'
import { aBody, anEvaluator, aFolder, aRule, trust } from './world.ts'

const door = join(import.meta.dirname, '../../services/detection/index.ts')

/** The evaluators that a process has started, or of some of them those that still live. */
function evaluators(which: { readonly of: number } | { readonly among: readonly number[] }): readonly number[] {
  const lines = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' }).stdout.trim().split('\n')
  const all = lines.map((line) => line.trim().split(/\s+/u)).filter(([, , stat]) => stat?.startsWith('Z') === false)
  return all
    .filter(([, , , ...args]) => args.at(-1)?.endsWith('/evaluator.ts') === true)
    .filter(([pid, parent]) => ('of' in which ? Number(parent) === which.of : which.among.includes(Number(pid))))
    .map(([pid]) => Number(pid))
}

test('an evaluator that hangs ends soon after its parent was killed', { timeout: 150_000 }, async () => {
  await using folder = await aFolder({
    'rules/loops.ts': aRule(
      'Loops',
      'console.log("round and round"); for (;;) try { for (;;); } catch { continue } finally { continue }',
    ),
    'parent.ts': `import { createEvaluator } from '${door}'
const evaluator = await createEvaluator({ folders: ['rules'], trust: ${JSON.stringify(trust)}, timeoutMs: 60_000, orphanMs: 300 })
await evaluator.judgeBodies([${JSON.stringify(aBody())}])
`,
  })
  const parent = spawn(process.execPath, ['parent.ts'], {
    cwd: folder.path,
    env: { ...process.env, TRIPLINE_LOG: 'debug' },
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  let said = ''
  parent.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  await vi.waitUntil(() => said.includes('round and round'), { timeout: 60_000 })
  const children = evaluators({ of: parent.pid ?? 0 })
  expect(children).toHaveLength(2)
  parent.kill('SIGKILL')
  await vi.waitUntil(() => evaluators({ among: children }).length === 0, { timeout: 60_000, interval: 200 })
})

// Only Linux tells how much processor a process has used.
test.skipIf(cpuMsOf(process.pid) === Infinity)('an idle evaluator waits for its input and uses no processor', async () => {
  await using _ = await anEvaluator({ 'rule.ts': aRule('Rule', 'return true') })
  const children = evaluators({ of: process.pid })
  expect(children).toHaveLength(2)
  const used = (): number => children.reduce((sum, pid) => sum + cpuMsOf(pid), 0)
  const before = used()
  await sleep(1_500)
  expect(used() - before).toBeLessThan(150)
})
