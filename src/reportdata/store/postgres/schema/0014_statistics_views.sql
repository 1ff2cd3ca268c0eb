-- The time zones of organisations, since SQL knows none, or others than this program: from which local time on, in seconds
-- that are counted as those since 1970 are, a local time is how many seconds ahead of UTC. A local time that happens twice
-- or never has the offset that was in force before.
create table zone_offsets (
    time_zone text collate "C" not null,
    from_local bigint not null,
    offset_seconds bigint not null,
    primary key (time_zone, from_local)
);

-- For programs of others. Each metric of each day that was observed for any: its number, null where it is not known,
-- its state, and the last look at it. The rules are those of reportdata.store.standing.
create view statistics_day_metrics as
with
    metrics (kpi_id, metric, kind) as (
        values ('4100', 'reports', 'sent'), ('4101', 'senders', 'sent'), ('4102', 'commenters', 'commented')
    ),
    looked as (
        select c.corp_id, d.day::date as day,
               max(case c.kind when 'sent' then c.observed_at end) as sent,
               max(case c.kind when 'sent partly' then c.observed_at end) as sent_partly,
               max(case c.kind when 'commented' then c.observed_at end) as commented,
               max(case c.kind when 'commented partly' then c.observed_at end) as commented_partly
        from coverage c
        cross join lateral generate_series(
            to_date(greatest(c.first_day, '20000101'), 'YYYYMMDD')::timestamp,
            to_date(least(c.last_day, '20991231'), 'YYYYMMDD')::timestamp, interval '1 day') as d (day)
        where c.kind in ('sent', 'sent partly', 'commented', 'commented partly')
        group by c.corp_id, d.day::date
    ),
    dated as (
        select l.*, o.time_zone, to_char(l.day::timestamp, 'YYYYMMDD') collate "C" as stat_day,
               extract(epoch from (l.day + 1)::timestamp)::bigint as ends_local
        from looked l join organisations o on o.corp_id = l.corp_id
    ),
    of_days as (
        select l.*,
               (l.ends_local - (
                   select z.offset_seconds from zone_offsets z
                   where z.time_zone = l.time_zone and z.from_local <= l.ends_local
                   order by z.from_local desc limit 1)) * 1000 as ends_at,
               k.kpi_values::json as kpi_values,
               coalesce((select computed_at from computations where id = k.computation), 0) as computed_at,
               exists (select 1 from damage g where g.service = 'reportData' and g.stat_day = l.stat_day) as damaged
        from dated l
        left join lateral (
            select kpi_values, computation from kpis
            where service = 'reportData' and stat_day = l.stat_day and corp_id = l.corp_id
            order by computation desc limit 1) k on true
    ),
    seen as (
        select d.corp_id, d.day, m.metric, d.ends_at, d.damaged, d.computed_at,
               case m.kind when 'sent' then d.sent else d.commented end as whole,
               case m.kind when 'sent' then d.sent_partly else d.commented_partly end as partly,
               coalesce(
                   (d.kpi_values ->> m.kpi_id)::bigint,
                   (select 0 from computed_kpis c where c.service = 'reportData' and c.kpi_id = m.kpi_id)) as number,
               s.state as noted, s.as_of as noted_at,
               extract(epoch from statement_timestamp()) * 1000 as present
        from of_days d
        cross join metrics m
        left join day_states s on s.service = 'reportData' and s.corp_id = d.corp_id and s.stat_day = d.stat_day
            and s.kpi_id = m.kpi_id
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
       case when looked_at >= 1000 then to_timestamp(looked_at / 1000) end as as_of
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
