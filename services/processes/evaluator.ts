import { serveEvaluator } from '#detection'
import { decode, sessionOf, touches } from '#ingest'

// The evaluator process: runs detections for the process that started it, which gives it no rights but to read them.
await serveEvaluator({ decode, touches, sessionOf })
