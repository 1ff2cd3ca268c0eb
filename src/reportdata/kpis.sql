-- The KPIs of days, for every engine.
--
-- In:  sent(corp_id, stat_day, report_id, user_id), commented(corp_id, stat_day, user_id), withdrawn(corp_id, report_id):
--      the facts of the days that are computed, and every withdrawal. All three are sets that may hold a fact twice.
-- Out: one row for each organisation and day with facts: corp_id, stat_day, reports (4100), senders (4101),
--      commenters (4102).
--
-- Calibre: reports are the distinct reports sent that day that were not withdrawn, senders the distinct users among
-- them; commenters are the distinct users who commented that day on any report, their own and withdrawn ones included.
with kept as (
    select corp_id, stat_day, report_id, user_id
    from sent
    where not exists (
        select 1 from withdrawn where withdrawn.corp_id = sent.corp_id and withdrawn.report_id = sent.report_id
    )
),
counted as (
    select corp_id, stat_day, count(*) as reports, 0 as senders, 0 as commenters
    from (select distinct corp_id, stat_day, report_id from kept) as reports_of_day
    group by corp_id, stat_day
    union all
    select corp_id, stat_day, 0, count(*), 0
    from (select distinct corp_id, stat_day, user_id from kept) as senders_of_day
    group by corp_id, stat_day
    union all
    select corp_id, stat_day, 0, 0, count(*)
    from (select distinct corp_id, stat_day, user_id from commented) as commenters_of_day
    group by corp_id, stat_day
)
select
    corp_id,
    stat_day,
    cast(sum(reports) as bigint) as reports,
    cast(sum(senders) as bigint) as senders,
    cast(sum(commenters) as bigint) as commenters
from counted
group by corp_id, stat_day
order by stat_day, corp_id
