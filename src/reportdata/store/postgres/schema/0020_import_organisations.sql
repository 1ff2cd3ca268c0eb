-- The organisations of whose facts an import told; none are kept of imports by older releases.
create table import_organisations (
    import_id text collate "C" not null,
    corp_id text collate "C" not null,
    primary key (import_id, corp_id)
)
