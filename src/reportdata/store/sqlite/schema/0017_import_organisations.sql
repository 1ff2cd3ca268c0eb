-- The organisations of whose facts an import told; none are kept of imports by older releases.
create table import_organisations (
    import_id text not null,
    corp_id text not null,
    primary key (import_id, corp_id)
) without rowid
