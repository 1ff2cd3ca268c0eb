create table organisations (
    corp_id text primary key,
    time_zone text not null
) without rowid;

create table apps (
    app_key text primary key,
    name text not null,
    type text not null,
    corp_id text references organisations,
    secret_hash text not null,
    scopes text not null,           -- a JSON array of scopes
    allow_list text not null,       -- a JSON array of addresses and networks; empty allows all
    rate integer,                   -- calls a second; null for the server's, 0 for no limit
    disabled integer not null default 0,
    created_at integer not null     -- milliseconds since 1970
) without rowid;

create table tokens (
    token_hash text primary key,
    app_key text not null references apps,
    nonce text not null,            -- empty for a token that was not derived from a secret
    expires_at integer not null     -- seconds since 1970
) without rowid;
create index tokens_by_app on tokens (app_key);

create table client_tokens (
    app_key text not null,
    client_token text not null,     -- digests, of the client token and of the request
    request text not null,
    used_at integer not null,       -- seconds since 1970
    primary key (app_key, client_token)
) without rowid;
create index client_tokens_by_age on client_tokens (used_at);

-- Rows are appended; the highest version is the current one. A day that loses all its facts gets an empty object.
create table kpis (
    service text not null,
    corp_id text not null,
    stat_day text not null,
    version integer not null,
    kpi_values text not null,       -- a JSON object, KPI id to number
    computed_at integer not null,   -- milliseconds since 1970
    fingerprint text not null,
    primary key (service, corp_id, stat_day, version)
) without rowid;
create index kpis_by_day on kpis (service, stat_day);

create table computed_days (
    service text not null,
    stat_day text not null,
    fingerprint text not null,
    computed_at integer not null,
    primary key (service, stat_day)
) without rowid;

create table applied_withdrawals (
    service text not null,
    file text not null,
    primary key (service, file)
) without rowid;

-- The pieces of an organisation neither overlap nor touch.
create table coverage (
    corp_id text not null,
    first_day text not null,
    last_day text not null,
    primary key (corp_id, first_day)
) without rowid;
