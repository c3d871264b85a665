// In: a reference to a resource. Out: its truth, as AWS tells it now.
export type { Fetched, Fetcher, Inventory, Page, UnknownCause } from './fetcher.ts'
export type { AttributesByType } from './attributes.ts'
export { createInventory } from './inventory.ts'
export { InventoryError } from './error.ts'
