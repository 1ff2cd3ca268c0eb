-- View links, which let people in who have no app key. Of their secrets only hashes are kept.
create table links (
    link_id text primary key,
    name text not null,
    corp_id text not null references organisations,
    secret_hash text not null,
    scopes text not null,        -- a JSON array of scopes
    departments text not null,   -- a JSON array of departments; empty for the whole organisation
    until integer,                      -- seconds since 1970; null for no end
    revoked_at integer,                 -- seconds since 1970
    created_at integer not null         -- milliseconds since 1970
) without rowid;

-- Sessions of browsers, of an app or of a link.
create table sessions (
    session_hash text primary key,
    app_key text references apps,
    link_id text references links,
    expires_at integer not null         -- seconds since 1970
) without rowid;
create index sessions_by_app on sessions (app_key);
create index sessions_by_link on sessions (link_id)
