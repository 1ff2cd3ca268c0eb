create table imports (
    import_id text primary key,
    began_at integer not null,      -- milliseconds since 1970
    files text not null             -- a JSON array, in the order of the files' numbers
) without rowid
