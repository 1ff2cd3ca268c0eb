-- The KPIs of a service that were computed of all days that have facts: what has no number is 0 for these alone. What the
-- last computations have was computed of all days until now.
create table computed_kpis (
    service text not null,
    kpi_id text not null,
    primary key (service, kpi_id)
) without rowid;
insert into computed_kpis
select distinct k.service, found.key
from computations c
join kpis k on k.service = c.service and k.stat_day = c.stat_day and k.computation = c.id
join json_each(k.kpi_values) found
where c.id in (
    select id from (
        select id, row_number() over (partition by service order by id desc) as place from computations
    ) where place <= 10
)
