-- When a piece was last looked at, in milliseconds since 1970; 0 is a time that is not known. Pieces of an organisation
-- do not overlap, and those that touch have different times.
alter table coverage add column observed_at bigint not null default 0;

-- The states that a collector noted; those of other days are told from their coverage.
create table day_states (
    service text collate "C" not null,
    corp_id text collate "C" not null,
    stat_day text collate "C" not null,
    kpi_id text collate "C" not null,
    state text collate "C" not null,
    as_of bigint not null,                  -- milliseconds since 1970, 0 when nobody looked
    primary key (service, corp_id, stat_day, kpi_id)
);

-- DingTalk's own figures, which are never mixed with what is computed.
create table official_figures (
    service text collate "C" not null,
    corp_id text collate "C" not null,
    stat_day text collate "C" not null,
    kpi_values text collate "C",            -- a JSON object, KPI id to number; null when DingTalk had none
    fetched_at bigint not null,             -- milliseconds since 1970
    primary key (service, corp_id, stat_day)
)
