-- Files of the lake that were found gone or damaged, and the days of a service whose numbers rest on them, which stay
-- as they are meanwhile. A file that no day rests on by itself has the empty service and day.
create table damage (
    service text collate "C" not null,
    stat_day text collate "C" not null,
    file text collate "C" not null,
    primary key (service, stat_day, file)
)
