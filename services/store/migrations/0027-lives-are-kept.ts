/** As before, the last twenty; and before them whatever says that a resource was created or deleted. Other lists of causes have no kind. */
export const livesAreKept = [
  `create or replace function tripline_join_causes(earlier jsonb, later jsonb) returns jsonb language sql immutable as $$
    select case when jsonb_array_length(earlier || later) <= 20 then earlier || later
      else (select jsonb_agg(cause order by place)
        from jsonb_array_elements(earlier || later) with ordinality as each(cause, place)
        where place > jsonb_array_length(earlier || later) - 20
          or (cause ->> 'kind' in ('create', 'delete') and place > jsonb_array_length(earlier || later) - 500)) end
  $$`,
]
