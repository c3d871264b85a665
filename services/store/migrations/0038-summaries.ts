/**
 * What the matches of a finding had in the fields that its rule sums up: `[{ path, values: [{ value, count }], others }]`, most first.
 * `fresh` holds pairs of path and value. Values that are known go on being counted; those beyond the bound are counted as others.
 */
export const summaries = [
  `alter table findings add column summary jsonb`,
  `create function tripline_sum_up(earlier jsonb, fresh jsonb) returns jsonb language sql immutable as $$
    with known as (
      select field ->> 'path' as path, place, field -> 'values' as kept, (field ->> 'others')::bigint as others
      from jsonb_array_elements(coalesce(earlier, '[]')) with ordinality as e(field, place)
    ), counted as (
      select path, value, sum(count) as count, min(place) as place, bool_or(is_known) as is_known from (
        select path, v ->> 'value' as value, (v ->> 'count')::bigint as count, place, true as is_known
        from known, jsonb_array_elements(kept) as v
        union all
        select left(pair ->> 0, 200), left(pair ->> 1, 200), 1, 1000 + place, false
        from jsonb_array_elements(fresh) with ordinality as n(pair, place)
      ) as single group by path, value
    ), ranked as (
      select *, row_number() over (partition by path order by is_known desc, place, value collate "C") as rank from counted
    ), summed as (
      select path, min(place) as place,
        jsonb_agg(jsonb_build_object('value', value, 'count', count) order by count desc, value collate "C")
          filter (where rank <= 50) as kept,
        coalesce(sum(count) filter (where rank > 50), 0) as others
      from ranked group by path
    )
    select jsonb_agg(jsonb_build_object('path', path, 'values', kept, 'others', others) order by place)
    from (
      select summed.path, summed.place, summed.kept, summed.others + coalesce(known.others, 0) as others
      from summed left join known on known.path = summed.path order by summed.place limit 10
    ) as first
  $$`,
]
