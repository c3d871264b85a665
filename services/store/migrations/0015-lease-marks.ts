/**
 * Lends marks. Hops over the index `marks_due` from account to account, so that the cost follows what is lent and not what waits: a
 * million of marks of a scan cost an event nothing. It is a function because its plans are then kept, and because a loop of
 * single hops leaves the planner no choice to be wrong about. Rows are compared whole, (class, account_id), since of the indexes
 * only this one has that order, whatever the statistics say.
 *
 * A class is looked into when the higher ones did not fill the lease, none below `last`. `start` is a place by chance to begin with
 * among the accounts, since no more of them are looked at than have their turn now.
 */
export const leaseMarks = [
  `create function tripline_lease_marks(wanted integer, lease interval, without text[], start text, last smallint)
  returns setof marks language plpgsql volatile as $$
    declare
      moment constant timestamptz := tripline_now();
      window_size constant integer := greatest(wanted * 2, 64);
      lent integer := 0;
      place smallint;
      round integer;
      here text;
      account text;
      head record;
      accounts text[];
      heads timestamptz[];
      still_open text[];
      mark marks;
    begin
      for place in 0..last loop
        accounts := '{}';
        heads := '{}';
        round := 1;
        here := start;
        while lent < wanted and cardinality(accounts) < window_size loop
          select class, account_id, due_at into head from marks
          where (class, account_id) > (place, here) order by class, account_id, due_at limit 1;
          if head.class is distinct from place or (round = 2 and head.account_id > start) then
            exit when round = 2;
            round := 2;
            here := '';
            continue;
          end if;
          here := head.account_id;
          if head.due_at <= moment and here <> all (without) then
            accounts := accounts || here;
            heads := heads || head.due_at;
          end if;
        end loop;

        select array_agg(each.account order by each.due_at, each.account) into accounts
        from unnest(accounts, heads) as each(account, due_at);
        while lent < wanted and cardinality(accounts) > 0 loop
          still_open := '{}';
          foreach account in array accounts loop
            exit when lent = wanted;
            select * into mark from marks
            where (class, account_id) >= (place, account) and (class, account_id, due_at) <= (place, account, moment)
            order by class, account_id, due_at limit 1 for update skip locked;
            continue when not found;
            update marks as m set token = gen_random_uuid()::text, due_at = moment + lease, looked_at = moment,
              class = least(m.class, m.next_class), wishes = m.wishes + m.next_wishes, scan_id = coalesce(m.scan_id, m.next_scan_id),
              expectations = tripline_join_causes(m.expectations, m.next_expectations),
              attempts = case when m.next_class < 2 then 0 else m.attempts end,
              looks = case when m.next_class < 2 then 0 else m.looks end,
              next_class = null, next_due_at = null, next_wishes = 0, next_expectations = '[]', next_causes = '[]',
              next_scan_id = null, next_wished_at = null
            where m.account_id = mark.account_id and m.region = mark.region and m.type = mark.type and m.id = mark.id
            returning m.* into mark;
            lent := lent + 1;
            still_open := still_open || account;
            return next mark;
          end loop;
          accounts := still_open;
        end loop;
      end loop;
    end
  $$`,
]
