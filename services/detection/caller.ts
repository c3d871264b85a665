import type { DetectionFailure } from '#model'
import type { Loaded } from './definition.ts'
import type { Run } from './engine.ts'
import { frameKinds, writeFrame } from './frames.ts'
import type { BatchHead, CallPlace } from './protocol.ts'

const busyAfterMs = 50

/** Makes calls of detections, unless told not to, and keeps the parent informed. */
export interface Caller {
  tick(): void
  call<Answer>(detection: Loaded, item: number, record: number, run: () => Run<Answer>): Answer | DetectionFailure
}

export function createCaller(head: BatchHead, now: () => number, speak: (id: string) => void): Caller {
  const blamed = new Map(head.blamed.map((blame) => [placeKey(blame), blame.failure]))
  const parked = new Map(head.parked.map((failure) => [failure.detectionId, failure]))
  const careful = head.announce || blamed.size > 0 || parked.size > 0
  let saidAt = now()
  const tick = (): void => {
    const time = now()
    if (time - saidAt < busyAfterMs) return
    saidAt = time
    writeFrame(1, frameKinds.busy, null)
  }
  return {
    tick,
    call({ detection: { id } }, item, record, run) {
      tick()
      speak(id)
      if (careful) {
        const place = { detectionId: id, item, record }
        const failure = blamed.get(placeKey(place)) ?? parked.get(id)
        if (failure !== undefined) return failure
        if (head.announce) writeFrame(1, frameKinds.at, place)
      }
      const { answer, complaints } = run()
      for (const complaint of complaints) console.warn(complaint)
      return answer
    },
  }
}

function placeKey({ detectionId, item, record }: CallPlace): string {
  return `${item}|${record}|${detectionId}`
}
