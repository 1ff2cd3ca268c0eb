-- The commenters of days (4102) by every calibre, for every engine; `kpis.sql` has the one that is served.
--
-- In:  sent(corp_id, stat_day, report_id, user_id), commented(corp_id, stat_day, report_id, user_id): all facts of the
--      organisations that are asked for, of whatever days. Both are sets that may hold a fact twice.
-- Out: one row for each organisation and day with a comment of its own, and one for each with a report that somebody
--      commented on: corp_id, stat_day, the rule that the rows follow (comment-day, report-day), and the commenters:
--      each person once (distinct_with_own, distinct_without_own), or once for each report (summed_with_own,
--      summed_without_own).
--
-- A comment is one's own when any record of its report names the commenter as sender. A report with records of several
-- days counts on each. Comments on withdrawn reports count, as in `kpis.sql`; those on reports that are not known count
-- on their own day only, as somebody else's.
with commenters as (
    select distinct corp_id, stat_day, report_id, user_id from commented
),
senders as (
    select distinct corp_id, report_id, user_id from sent
),
marked as (
    select
        commenters.corp_id,
        commenters.stat_day,
        commenters.report_id,
        commenters.user_id,
        case when senders.user_id is null then commenters.user_id end as other_id
    from commenters
    left join senders
        on senders.corp_id = commenters.corp_id
        and senders.report_id = commenters.report_id
        and senders.user_id = commenters.user_id
),
reports as (
    select distinct corp_id, report_id, stat_day from sent
),
counted as (
    select 'comment-day' as day_rule, corp_id, stat_day, report_id, user_id, other_id
    from marked
    union all
    select distinct 'report-day', reports.corp_id, reports.stat_day, reports.report_id, marked.user_id, marked.other_id
    from reports
    join marked on marked.corp_id = reports.corp_id and marked.report_id = reports.report_id
)
select
    corp_id,
    stat_day,
    day_rule,
    cast(count(distinct user_id) as bigint) as distinct_with_own,
    cast(count(distinct other_id) as bigint) as distinct_without_own,
    cast(count(user_id) as bigint) as summed_with_own,
    cast(count(other_id) as bigint) as summed_without_own
from counted
group by corp_id, stat_day, day_rule
order by stat_day, corp_id, day_rule
