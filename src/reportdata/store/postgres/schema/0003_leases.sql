-- Who may do what with the lake, until when by this server's clock. One row alone, or several that are shared.
create table leases (
    name text collate "C" not null,
    holder text collate "C" not null,       -- a process and, after a blank, which of its leases
    shared boolean not null,
    expires_at timestamptz not null,
    primary key (name, holder)
);

-- One call, so that nobody can be stopped half-way. A process whose lease expired may be stopped within a transaction, which
-- would lock out others: its sessions are ended.
create function take_lease(wanted text, taker text, is_shared boolean, lasts double precision) returns boolean
language plpgsql as $$
declare
    process text;
begin
    perform pg_advisory_xact_lock(hashtextextended('reportdata lease ' || wanted, 0));
    for process in
        delete from leases where name = wanted and expires_at <= clock_timestamp() returning split_part(holder, ' ', 1)
    loop
        perform pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'reportdata ' || process and usename = current_user and datname = current_database();
    end loop;
    insert into leases
    select wanted, taker, is_shared, clock_timestamp() + lasts * interval '1 second'
    where not exists (select 1 from leases where name = wanted and not (shared and is_shared));
    return found;
end
$$;
