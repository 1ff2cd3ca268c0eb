-- Where the numbers of changes were given: the cluster, its timeline, the database and the table. A dump or a snapshot that
-- was restored has this of where it was taken, and what was told between the two is not in it. It has a row from when
-- changes were first told on.
create table change_places (
    id bigint primary key check (id = 1),
    place text collate "C" not null
)
