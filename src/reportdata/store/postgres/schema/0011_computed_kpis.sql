-- The KPIs of a service that were computed of all days that have facts: what has no number is 0 for these alone. What the
-- last computations have was computed of all days until now.
create table computed_kpis (
    service text collate "C" not null,
    kpi_id text collate "C" not null,
    primary key (service, kpi_id)
);
insert into computed_kpis
select distinct k.service, found.key
from (
    select id, service, stat_day, row_number() over (partition by service order by id desc) as place from computations
) c
join kpis k on k.service = c.service and k.stat_day = c.stat_day and k.computation = c.id
cross join lateral json_object_keys(k.kpi_values::json) as found (key)
where c.place <= 10
