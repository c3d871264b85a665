/** The processes that are alive, and until when that holds without another word of theirs. */
export const workers = [
  `create table workers (
    id text primary key,
    role text not null,
    alive_until timestamptz not null
  )`,
]
