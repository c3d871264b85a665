// Types only: what a policy is handed is what the fetchers of its resource types write.
import type { AttributesByType } from '#inventory'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** What every resource has. A region of `global` is an account-wide service. */
export interface ResourceAttributes {
  readonly ResourceId: string
  readonly ResourceType: string
  readonly AccountId: string
  readonly Region: string
  readonly Arn?: string
  readonly Id?: string
  readonly Name?: string
  readonly Tags: Readonly<Record<string, string>> | null
  /** RFC 3339. */
  readonly TimeCreated: string | null
}

/** A resource of any type: look before you read. */
export type AnyResource = ResourceAttributes & { readonly [attribute: string]: Json | undefined }

/** Nobody writes to a resource. */
type Frozen<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends readonly (infer Member)[]
    ? readonly Frozen<Member>[]
    : { readonly [Key in keyof T]: Frozen<T[Key]> }

/** The types with a written shape. Every field that AWS may leave out is there, with null; documents (policies) are JSON text. */
export type ResourceShapes = { readonly [Type in keyof AttributesByType]: Frozen<AttributesByType[Type]> }
/** The name of a resource type, as docs/resource-types.md lists them. */
export type ResourceTypeName = keyof ResourceShapes
/** What a policy over these types is handed. */
export type AttributesOf<Type extends ResourceTypeName> = [Type] extends [never]
  ? AnyResource
  : [ResourceTypeName] extends [Type]
    ? AnyResource
    : ResourceShapes[Type]

/** One rule of a security group. A null port with protocol `-1` is every port. */
export type IpPermission = NonNullable<ResourceShapes['AWS.EC2.SecurityGroup']['IpPermissions']>[number]
