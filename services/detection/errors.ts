import { TriplineError } from '#runtime'

/**
 * - `unreadable`: a folder of detections is not there or is a link
 * - `refused`: a folder that is to become a bundle has what none may have
 * - `evaluator-failed`: the evaluator process could not be started or died without a culprit; what it had is not judged
 * - `closed`: asked after it was closed
 */
export class DetectionError extends TriplineError<'unreadable' | 'refused' | 'evaluator-failed' | 'closed'> {
  override readonly name = 'DetectionError'
}
