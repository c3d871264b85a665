import { servePython } from '#detection'
import { decode } from '#ingest'

// The Python evaluator process: as the other one, for detections in Panther's Python.
await servePython({ decode })
