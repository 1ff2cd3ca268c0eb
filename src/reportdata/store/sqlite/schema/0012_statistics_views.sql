-- The time zones of organisations, since SQL knows none, or others than this program: from which local time on, in seconds
-- that are counted as those since 1970 are, a local time is how many seconds ahead of UTC. A local time that happens twice
-- or never has the offset that was in force before.
create table zone_offsets (
    time_zone text not null,
    from_local integer not null,
    offset_seconds integer not null,
    primary key (time_zone, from_local)
) without rowid;

-- For programs of others. Each metric of each day that was observed for any: its number, null where it is not known,
-- its state, and the last look at it (UTC). The rules are those of reportdata.store.standing.
create view statistics_day_metrics as
with recursive
    metrics (kpi_id, metric, kind) as (
        values ('4100', 'reports', 'sent'), ('4101', 'senders', 'sent'), ('4102', 'commenters', 'commented')
    ),
    bounds (first_day, last_day) as (
        select max(min(first_day), '20000101'), min(max(last_day), '20991231') from coverage
    ),
    days (day, stat_day, ends_local) as (
        select substr(first_day, 1, 4) || '-' || substr(first_day, 5, 2) || '-' || substr(first_day, 7), first_day,
               cast(strftime('%s', substr(first_day, 1, 4) || '-' || substr(first_day, 5, 2) || '-'
                   || substr(first_day, 7), '+1 day') as integer)
        from bounds where first_day <= last_day
        union all
        select date(day, '+1 day'), replace(date(day, '+1 day'), '-', ''), ends_local + 86400
        from days, bounds where stat_day < last_day
    ),
    seen as (
        select o.corp_id, d.day, m.metric,
               (d.ends_local - z.offset_seconds) * 1000 as ends_at,
               case m.kind when 'sent' then s.observed_at else c.observed_at end as whole,
               case m.kind when 'sent' then sp.observed_at else cp.observed_at end as partly,
               coalesce(n.computed_at, 0) as computed_at,
               coalesce(
                   json_extract(k.kpi_values, '$."' || m.kpi_id || '"'), case when e.kpi_id is not null then 0 end
               ) as number,
               t.state as noted, t.as_of as noted_at,
               exists (select 1 from damage where service = 'reportData' and stat_day = d.stat_day) as damaged,
               cast(round((julianday('now') - 2440587.5) * 86400000) as integer) as present
        from organisations o
        cross join days d
        left join coverage s on s.corp_id = o.corp_id and s.kind = 'sent' and s.last_day >= d.stat_day
            and s.first_day = (
                select max(first_day) from coverage
                where corp_id = o.corp_id and kind = 'sent' and first_day <= d.stat_day)
        left join coverage sp on sp.corp_id = o.corp_id and sp.kind = 'sent partly' and sp.last_day >= d.stat_day
            and sp.first_day = (
                select max(first_day) from coverage
                where corp_id = o.corp_id and kind = 'sent partly' and first_day <= d.stat_day)
        left join coverage c on c.corp_id = o.corp_id and c.kind = 'commented' and c.last_day >= d.stat_day
            and c.first_day = (
                select max(first_day) from coverage
                where corp_id = o.corp_id and kind = 'commented' and first_day <= d.stat_day)
        left join coverage cp on cp.corp_id = o.corp_id and cp.kind = 'commented partly' and cp.last_day >= d.stat_day
            and cp.first_day = (
                select max(first_day) from coverage
                where corp_id = o.corp_id and kind = 'commented partly' and first_day <= d.stat_day)
        left join kpis k on k.service = 'reportData' and k.stat_day = d.stat_day and k.corp_id = o.corp_id
            and k.computation = (
                select max(computation) from kpis
                where service = 'reportData' and stat_day = d.stat_day and corp_id = o.corp_id)
        left join computations n on n.id = k.computation
        left join zone_offsets z on z.time_zone = o.time_zone
            and z.from_local = (
                select max(from_local) from zone_offsets
                where time_zone = o.time_zone and from_local <= d.ends_local)
        cross join metrics m
        left join computed_kpis e on e.service = 'reportData' and e.kpi_id = m.kpi_id
        left join day_states t on t.service = 'reportData' and t.corp_id = o.corp_id and t.stat_day = d.stat_day
            and t.kpi_id = m.kpi_id
        where coalesce(s.observed_at, sp.observed_at, c.observed_at, cp.observed_at) is not null
    ),
    stood as (
        select corp_id, day, metric, damaged, present,
               case when coalesce(whole, partly) is not null then number end as number,
               coalesce(whole, partly) is not null and number is null as unknown,
               coalesce(noted, case
                   when coalesce(whole, partly) is null then 'missing'
                   when whole is null then 'partial'
                   when coalesce(nullif(whole, 0), computed_at) >= ends_at then 'final'
                   else 'provisional' end) as state,
               case when noted is not null then noted_at
                    when coalesce(whole, partly) is null then 0
                    else coalesce(nullif(coalesce(whole, partly), 0), computed_at) end as looked_at
        from seen
    )
select corp_id as organisation,
       day,
       metric,
       case when state <> 'missing' then number end as value,
       case when unknown then 'missing'
            when number is not null and state <> 'missing' and damaged then 'damaged'
            when state = 'final' and looked_at > present then 'provisional'
            else state end as state,
       case when looked_at >= 1000 then strftime('%Y-%m-%dT%H:%M:%SZ', looked_at / 1000, 'unixepoch') end as as_of
from stood;

-- A row for each day of which anything is known, as statistics by day have them.
create view statistics_day as
select organisation,
       day,
       max(case metric when 'reports' then value end) as reports,
       max(case metric when 'senders' then value end) as senders,
       max(case metric when 'commenters' then value end) as commenters,
       case max(case state when 'final' then 0 when 'provisional' then 1 when 'partial' then 2 when 'damaged' then 3
                           else 4 end)
           when 0 then 'final' when 1 then 'provisional' when 2 then 'partial' when 3 then 'damaged'
           else 'missing' end as state,
       max(case metric when 'reports' then state end) as reports_state,
       max(case metric when 'senders' then state end) as senders_state,
       max(case metric when 'commenters' then state end) as commenters_state,
       case when count(as_of) = count(*) then min(as_of) end as as_of
from statistics_day_metrics
group by organisation, day
having count(value) > 0
