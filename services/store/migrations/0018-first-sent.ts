/** When each copy of an alert was first posted: what a message says of it does not change with its edits. */
export const firstSent = [
  `alter table deliveries add column first_sent_at timestamptz`,
  `update deliveries set first_sent_at = settled_at where message is not null`,
]
