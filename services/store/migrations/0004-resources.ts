/** The last fetched truth of each resource with its verdict. `judging_until` is the judge's lease. */
export const resources = [
  `create sequence resource_number`,
  `create table resources (
    account_id text not null,
    region text not null,
    type text not null,
    id text not null,
    number bigint not null,
    shape integer not null,
    attributes jsonb not null,
    fetched_at timestamptz not null,
    gone boolean not null default false,
    evaluated_with text not null,
    evaluate_at timestamptz not null,
    verdict jsonb not null,
    judging_until timestamptz not null default '-infinity',
    primary key (account_id, region, type, id)
  )`,
  `create index resources_judged on resources (type, evaluated_with, shape) where not gone`,
  `create index resources_evaluate_at on resources (evaluate_at) where not gone`,
]
