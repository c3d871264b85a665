import type { AlertContent, RoutedTo, Severity } from '#model'

export interface Team {
  readonly id: string
  readonly channel: string
  readonly owns: {
    readonly accounts: readonly string[]
    readonly tags: readonly { readonly key: string; readonly value: string }[]
  }
}
/** One line of the ordered route table: every given condition must hold; the first line that matches wins. */
export interface Route {
  readonly when: {
    readonly severity?: readonly Severity[]
    /** Patterns with `*`. */
    readonly detections?: readonly string[]
    readonly teams?: readonly string[]
    readonly accounts?: readonly string[]
    readonly labels?: readonly string[]
  }
  /** Channels; `team` stands for the owning team's own. */
  readonly to: readonly string[]
}
export interface RouteTable {
  readonly teams: readonly Team[]
  readonly routes: readonly Route[]
  /** Where everything goes that nothing else took, and operator notes. */
  readonly fallback: string
}
/** Decides where an alert goes. Never empty: the fallback takes what nothing else took. `tags` are the resource's. */
export type Router = (content: AlertContent, tags: ReadonlyMap<string, string>) => readonly RoutedTo[]
