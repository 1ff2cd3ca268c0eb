-- Organisations that have names turned on.
create table named_organisations (
    corp_id text primary key
) without rowid;

-- The names of their people.
create table person_names (
    corp_id text not null references named_organisations on delete cascade,
    user_id text not null,
    name text not null,
    primary key (corp_id, user_id)
) without rowid
