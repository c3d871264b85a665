/** Which detection owes its word on which of the body's records: once it is mended, exactly this is made up for. */
export const quarantineOwed = [
  `alter table quarantine add column detection_id text`,
  `alter table quarantine add column record integer`,
]
