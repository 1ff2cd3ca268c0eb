create temporary table numbered on commit drop as
select service, stat_day, corp_id,
       dense_rank() over (order by service, stat_day, version, computed_at, fingerprint) as computation,
       kpi_values, computed_at, fingerprint
from kpis;
drop table kpis;

-- A computation of a day that changed numbers; a later one has a greater id.
create table computations (
    id bigint primary key,
    service text collate "C" not null,
    stat_day text collate "C" not null,
    fingerprint text collate "C" not null,
    computed_at bigint not null             -- milliseconds since 1970
);
insert into computations select distinct computation, service, stat_day, fingerprint, computed_at from numbered;

-- Rows are appended; that of the last computation is the current one. A day that loses all its facts gets an empty
-- object. The rows of a day lie together, since a day is what is computed.
-- A partition holds a month; it is made when the first row of the month comes.
create table kpis (
    service text collate "C" not null,
    stat_day text collate "C" not null,
    corp_id text collate "C" not null,
    computation bigint not null,
    kpi_values text collate "C" not null,   -- a JSON object, KPI id to number
    primary key (service, stat_day, corp_id, computation)
) partition by range (stat_day);
do $$
declare
    month text;
begin
    for month in select distinct left(stat_day, 6) from numbered loop
        execute format('create table %I partition of kpis for values from (%L) to (%L)',
                       'kpis_' || month, month, month || '~');
    end loop;
end
$$;
insert into kpis select service, stat_day, corp_id, computation, kpi_values from numbered
