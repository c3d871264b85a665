import { TriplineError } from '#runtime'

/**
 * - `unreadable`: a folder of detections is not there or is a link
 * - `evaluator-failed`: the evaluator process could not be started or died without a culprit; what it had is not judged
 * - `closed`: asked after it was closed
 */
export class DetectionError extends TriplineError<'unreadable' | 'evaluator-failed' | 'closed'> {
  override readonly name = 'DetectionError'
}
