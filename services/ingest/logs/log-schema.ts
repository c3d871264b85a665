import type { IndicatorName } from '#model'

// What a log's records look like, as its schema declares it. Plain JSON, so that it can be handed to another process.

export interface LogSchema {
  /** `AWS.VPCFlow`, `Acme.Shop` */
  readonly name: string
  readonly parser: LogParser
  readonly fields: readonly FieldSchema[]
}

/** How a line of text becomes an object of texts; `json` reads it as it is. */
export type LogParser =
  | { readonly kind: 'json' }
  | ({
      readonly kind: 'csv'
      readonly delimiter: string
      /** The first line names the columns, or repeats them. */
      readonly hasHeader: boolean
      readonly columns: readonly string[] | null
    } & Cleaning)
  | ({ readonly kind: 'fastmatch'; readonly patterns: readonly string[] } & Cleaning)
  | ({ readonly kind: 'regex'; readonly pattern: string } & Cleaning)
  | { readonly kind: 'native'; readonly name: NativeName }
export type NativeName = 'AWS.VPCFlow' | 'AWS.S3ServerAccess'

interface Cleaning {
  /** Texts that mean nothing. */
  readonly emptyValues: readonly string[]
  readonly trimSpace: boolean
  /** More fields, made of others: `%{host}:%{port}`. */
  readonly expandFields: Readonly<Record<string, string>>
}

export interface FieldSchema {
  readonly name: string
  /** What it is called in the log. */
  readonly from: string
  readonly required: boolean
  readonly value: ValueSchema
}
export type ValueSchema =
  | {
      readonly type: 'string'
      readonly indicators: readonly IndicatorName[]
      /** Null: any text. */
      readonly allow: readonly string[] | null
      readonly deny: readonly string[]
      /** The account in which it happened. */
      readonly isAccountId: boolean
      /** Names the event: two with one id are one. */
      readonly isEventId: boolean
    }
  | { readonly type: 'int' | 'smallint' | 'bigint' | 'float' | 'boolean' }
  | { readonly type: 'json'; readonly embedded: boolean }
  | { readonly type: 'timestamp'; readonly formats: readonly string[]; readonly isEventTime: boolean }
  | { readonly type: 'object'; readonly fields: readonly FieldSchema[]; readonly embedded: boolean }
  | { readonly type: 'array'; readonly element: ValueSchema; readonly embedded: boolean }

/** What a source knows of the bodies that it brings, when they are records of a log and not CloudTrail's. */
export interface Carried {
  readonly logType: string
  /** Whose they are where a record does not say it. */
  readonly accountId?: string
  readonly region?: string
}
