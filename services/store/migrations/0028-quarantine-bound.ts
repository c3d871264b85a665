/** To which accounts the way was bound that an item came by: a retry must not loosen it. */
export const quarantineBound = [`alter table quarantine add column bound jsonb`]
