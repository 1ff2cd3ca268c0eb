-- A computation of a day that changed numbers; a later one has a greater id.
create table computations (
    id integer primary key,
    service text not null,
    stat_day text not null,
    fingerprint text not null,
    computed_at integer not null    -- milliseconds since 1970
);
insert into computations
select distinct dense_rank() over (order by service, stat_day, version, computed_at, fingerprint),
       service, stat_day, fingerprint, computed_at
from kpis;

-- Rows are appended; that of the last computation is the current one. A day that loses all its facts gets an empty
-- object. The rows of a day lie together, since a day is what is computed.
create table kpis_of_computations (
    service text not null,
    stat_day text not null,
    corp_id text not null,
    computation integer not null,
    kpi_values text not null,       -- a JSON object, KPI id to number
    primary key (service, stat_day, corp_id, computation)
) without rowid;
insert into kpis_of_computations
select service, stat_day, corp_id,
       dense_rank() over (order by service, stat_day, version, computed_at, fingerprint), kpi_values
from kpis;
drop table kpis;
alter table kpis_of_computations rename to kpis
