-- A process that could not give a lease back, since the server was away, finds it expired when it takes it again: its own
-- sessions are not ended, or it would end itself each time.
create or replace function take_lease(wanted text, taker text, is_shared boolean, lasts double precision) returns boolean
language plpgsql as $$
declare
    process text;
begin
    perform pg_advisory_xact_lock(hashtextextended('reportdata lease ' || wanted, 0));
    for process in
        delete from leases where name = wanted and expires_at <= clock_timestamp() returning split_part(holder, ' ', 1)
    loop
        perform pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'reportdata ' || process and usename = current_user and datname = current_database()
            and process <> split_part(taker, ' ', 1);
    end loop;
    insert into leases
    select wanted, taker, is_shared, clock_timestamp() + lasts * interval '1 second'
    where not exists (select 1 from leases where name = wanted and not (shared and is_shared));
    return found;
end
$$;
