-- View links, which let people in who have no app key. Of their secrets only hashes are kept.
create table links (
    link_id text collate "C" primary key,
    name text collate "C" not null,
    corp_id text collate "C" not null references organisations,
    secret_hash text collate "C" not null,
    scopes text collate "C" not null,        -- a JSON array of scopes
    departments text collate "C" not null,   -- a JSON array of departments; empty for the whole organisation
    until bigint,                      -- seconds since 1970; null for no end
    revoked_at bigint,                 -- seconds since 1970
    created_at bigint not null         -- milliseconds since 1970
);

-- Sessions of browsers, of an app or of a link.
create table sessions (
    session_hash text collate "C" primary key,
    app_key text collate "C" references apps,
    link_id text collate "C" references links,
    expires_at bigint not null         -- seconds since 1970
);
create index sessions_by_app on sessions (app_key);
create index sessions_by_link on sessions (link_id)
