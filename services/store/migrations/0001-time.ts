/** The one clock. A simulation replaces this function, and nothing else, to own the time. */
export const time = [`create function tripline_now() returns timestamptz language sql volatile as $$ select clock_timestamp() $$`]
