import { expect, it } from 'vitest'
import { stopClock, type Subject } from './store.ts'

export function workersContract(open: () => Promise<Subject>): void {
  it('counts the workers of a role that are alive: until their time has passed, or they leave', async () => {
    const subject = await open()
    const { workers } = subject.store
    const clock = await stopClock(subject)
    expect(await workers.alive('refresh')).toBe(0)
    expect(await workers.beat('a', 'refresh', 10_000)).toBe(1)
    expect(await workers.beat('b', 'refresh', 30_000)).toBe(2)
    expect(await workers.beat('c', 'scan', 30_000)).toBe(1)
    expect(await workers.beat('a', 'refresh', 10_000)).toBe(2)
    await clock(10_001)
    expect(await workers.alive('refresh')).toBe(1)
    expect(await workers.beat('a', 'refresh', 10_000)).toBe(2)
    await workers.leave('b')
    await workers.leave('never came')
    expect(await workers.alive('refresh')).toBe(1)
    expect(await workers.alive('scan')).toBe(1)
    await clock(3 * 86_400_000)
    await subject.store.maintain()
    expect(await subject.sql('select id from workers')).toEqual([])
  })
}
