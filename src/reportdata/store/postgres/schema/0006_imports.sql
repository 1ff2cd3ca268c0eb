create table imports (
    import_id text collate "C" primary key,
    began_at bigint not null,               -- milliseconds since 1970
    files text collate "C" not null         -- a JSON array, in the order of the files' numbers
)
