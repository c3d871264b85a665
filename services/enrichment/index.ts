// In: a question about something that was found, or missed. Out: its answer, asked outside of the line.
export { createEventHistory, type EventHistory } from './event-history.ts'
export { createEventPages, type EventPages } from './event-pages.ts'
export { createTrailWatch, type TrailHealth, type TrailWatch } from './trail-health.ts'
