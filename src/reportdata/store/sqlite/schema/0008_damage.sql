-- Files of the lake that were found gone or damaged, and the days of a service whose numbers rest on them, which stay
-- as they are meanwhile. A file that no day rests on by itself has the empty service and day.
create table damage (
    service text not null,
    stat_day text not null,
    file text not null,
    primary key (service, stat_day, file)
) without rowid
