// In: a question about something that was found. Out: its answer, asked outside of the line.
export { createEventHistory, type EventHistory } from './event-history.ts'
