/**
 * Keys of events that had an effect, partitioned by the UTC day of the event's own time. Days outside of the kept window share
 * one partition, so that a wild time neither opens a partition nor refuses a batch.
 */
export const inbox = [
  `create table inbox (
    day date not null,
    account_id text not null,
    region text not null,
    event_id text not null,
    claimed_at timestamptz not null,
    primary key (day, account_id, region, event_id)
  ) partition by range (day)`,
  `create table inbox_outside partition of inbox for values from (minvalue) to ('1970-01-02')`,
  `create function tripline_inbox_day(event_time timestamptz) returns date language sql volatile as $$
    select case when day between today - 15 and today + 2 then day else date '1970-01-01' end
    from (select (event_time at time zone 'UTC')::date as day, (tripline_now() at time zone 'UTC')::date as today) as days
  $$`,
  // Attaching a ready table locks less than creating a partition does: writers of other days go on. Whether the day is there is asked
  // of pg_class, and not by to_regclass: after waiting for the lock that still answers from before it.
  `create function tripline_open_inbox_day(day date) returns void language plpgsql as $$
    declare
      partition text := 'inbox_' || to_char(day, 'YYYYMMDD');
    begin
      if day < date '1970-01-02' then return; end if;
      if exists (select from pg_class where relname = partition and relnamespace = current_schema::regnamespace) then return; end if;
      perform pg_advisory_xact_lock(hashtext('tripline inbox days'));
      if exists (select from pg_class where relname = partition and relnamespace = current_schema::regnamespace) then return; end if;
      execute format('create table %I (like inbox including all)', partition);
      execute format('alter table inbox attach partition %I for values from (%L) to (%L)', partition, day, day + 1);
    end
  $$`,
]
