-- Texts are compared byte by byte, as in the embedded store.
create table organisations (
    corp_id text collate "C" primary key,
    time_zone text collate "C" not null
);

create table apps (
    app_key text collate "C" primary key,
    name text collate "C" not null,
    type text collate "C" not null,
    corp_id text collate "C" references organisations,
    secret_hash text collate "C" not null,
    scopes text collate "C" not null,       -- a JSON array of scopes
    allow_list text collate "C" not null,   -- a JSON array of addresses and networks; empty allows all
    rate integer,                           -- calls a second; null for the server's, 0 for no limit
    disabled integer not null default 0,
    created_at bigint not null              -- milliseconds since 1970
);

create table tokens (
    token_hash text collate "C" primary key,
    app_key text collate "C" not null references apps,
    nonce text collate "C" not null,        -- empty for a token that was not derived from a secret
    expires_at bigint not null              -- seconds since 1970
);
create index tokens_by_app on tokens (app_key);

create table client_tokens (
    app_key text collate "C" not null,
    client_token text collate "C" not null, -- digests, of the client token and of the request
    request text collate "C" not null,
    used_at bigint not null,                -- seconds since 1970
    primary key (app_key, client_token)
);
create index client_tokens_by_age on client_tokens (used_at);

-- Rows are appended; the highest version is the current one. A day that loses all its facts gets an empty object.
-- A partition holds a month; it is made when the first row of the month comes.
create table kpis (
    service text collate "C" not null,
    corp_id text collate "C" not null,
    stat_day text collate "C" not null,
    version integer not null,
    kpi_values text collate "C" not null,   -- a JSON object, KPI id to number
    computed_at bigint not null,            -- milliseconds since 1970
    fingerprint text collate "C" not null,
    primary key (service, corp_id, stat_day, version)
) partition by range (stat_day);
create index kpis_by_day on kpis (service, stat_day);

create table computed_days (
    service text collate "C" not null,
    stat_day text collate "C" not null,
    fingerprint text collate "C" not null,
    computed_at bigint not null,
    files text collate "C" not null default '[]',   -- names of the files that it was computed from, a JSON array
    primary key (service, stat_day)
);

create table applied_withdrawals (
    service text collate "C" not null,
    file text collate "C" not null,
    primary key (service, file)
);

-- The pieces of an organisation neither overlap nor touch.
create table coverage (
    corp_id text collate "C" not null,
    first_day text collate "C" not null,
    last_day text collate "C" not null,
    primary key (corp_id, first_day)
);

-- One row: how often anything was changed that serving may remember.
create table changes (number bigint not null);
insert into changes values (0)
