-- Names of people, of organisations that have them turned on. They are apart from the store: no copy of it has them, and
-- a dump leaves them out by --exclude-table-data.
create table named_organisations (
    corp_id text collate "C" primary key
);
create table person_names (
    corp_id text collate "C" not null references named_organisations,
    user_id text collate "C" not null,
    name text collate "C" not null,
    primary key (corp_id, user_id)
)
