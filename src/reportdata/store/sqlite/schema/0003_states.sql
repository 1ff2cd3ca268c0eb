-- When a piece was last looked at, in milliseconds since 1970; 0 is a time that is not known. Pieces of an organisation
-- do not overlap, and those that touch have different times.
alter table coverage add column observed_at integer not null default 0;

-- The states that a collector noted; those of other days are told from their coverage.
create table day_states (
    service text not null,
    corp_id text not null,
    stat_day text not null,
    kpi_id text not null,
    state text not null,
    as_of integer not null,         -- milliseconds since 1970, 0 when nobody looked
    primary key (service, corp_id, stat_day, kpi_id)
) without rowid;

-- DingTalk's own figures, which are never mixed with what is computed.
create table official_figures (
    service text not null,
    corp_id text not null,
    stat_day text not null,
    kpi_values text,                -- a JSON object, KPI id to number; null when DingTalk had none
    fetched_at integer not null,    -- milliseconds since 1970
    primary key (service, corp_id, stat_day)
) without rowid;
