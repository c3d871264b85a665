// In: findings. Out: messages at the owning team's destination, kept true.
export type { Destination, Outgoing } from './destination.ts'
export type { Route, Router, RouteTable, Team } from './route.ts'
