/**
 * Marks hold what events let expect, count the looks that did not show it, and remember the last look at their resource.
 * The columns of causes stay for processes of the version before: what those wish for is looked at without an expectation.
 */
export const expectations = [
  `alter table marks
    add column expectations jsonb not null default '[]',
    add column next_expectations jsonb not null default '[]',
    add column looks integer not null default 0,
    add column looked_at timestamptz,
    alter column causes set default '[]'`,
  `create function tripline_expectations_of(causes jsonb) returns jsonb language sql immutable as $$
    select coalesce(jsonb_agg(jsonb_build_object('cause', cause, 'kind', 'update', 'witnesses', '[]'::jsonb) order by place), '[]')
    from jsonb_array_elements(causes) with ordinality as each(cause, place)
  $$`,
  `update marks set expectations = tripline_expectations_of(causes), next_expectations = tripline_expectations_of(next_causes)`,
  `drop function tripline_expectations_of`,
]
