-- Who may do what with the lake, until when by this server's clock. One row alone, or several that are shared.
create table leases (
    name text collate "C" not null,
    holder text collate "C" not null,
    shared boolean not null,
    expires_at timestamptz not null,
    primary key (name, holder)
)
