-- The relations of work reports, as common table expressions for every engine. In: the kinds of `service.toml` as sets
-- that may hold a fact twice.
--
-- kept: the reports that were not withdrawn, whenever that was. Of a report that is known from a sheet with the name of
-- its sender, and from elsewhere with the sender's id, the latter alone: both are the same person. Numbers of days ask
-- that of each day by itself, so that they are the same whichever days are computed together: lines that end with `by day`
-- are for numbers that tell days apart. (Digests of names begin
-- with 'sheet-', and '.' comes after '-'. As a `semi join` and a `left join` these cost next to nothing where nobody has a
-- name alone; as `exists`, DuckDB takes the distinct pairs of all facts first, and as an `anti join` with the condition on
-- the sender it matches all facts before it finds the other side empty. Whether a sender is known by id is asked after
-- the join: as a condition before it, DuckDB expects fewer such facts than names, and makes the join's table of all.)
--
-- The others are of the calibres of 4102. A comment is one's own when any record of its report names the commenter as
-- sender. A report with records of several days counts on each. Comments on withdrawn reports count; those on reports
-- that are not known count on their own day only, as somebody else's.
named as (
    select distinct
        corp_id,
        stat_day, -- by day
        report_id
    from sent
    where user_id >= 'sheet-' and user_id < 'sheet.'
),
named_and_known as (
    select
        sent.corp_id,
        sent.stat_day, -- by day
        sent.report_id
    from sent
    semi join named
        on named.corp_id = sent.corp_id
        and named.stat_day = sent.stat_day -- by day
        and named.report_id = sent.report_id
    group by
        sent.corp_id,
        sent.stat_day, -- by day
        sent.report_id
    having max(case when sent.user_id >= 'sheet-' and sent.user_id < 'sheet.' then 0 else 1 end) = 1
),
told as (
    select
        sent.corp_id, sent.stat_day, sent.report_id, sent.user_id, sent.sent_at, sent.template, sent.departments
    from sent
    left join named_and_known
        on named_and_known.corp_id = sent.corp_id
        and named_and_known.stat_day = sent.stat_day -- by day
        and named_and_known.report_id = sent.report_id
    where named_and_known.report_id is null or sent.user_id < 'sheet-' or sent.user_id >= 'sheet.'
),
kept as (
    select told.corp_id, told.stat_day, told.report_id, told.user_id, told.sent_at, told.template, told.departments
    from told
    anti join withdrawn on withdrawn.corp_id = told.corp_id and withdrawn.report_id = told.report_id
),
senders as (
    select distinct corp_id, report_id, user_id from sent
),
days_of_reports as (
    select distinct corp_id, report_id, stat_day from sent
),
commented_by_others as (
    select commented.corp_id, commented.stat_day, commented.report_id, commented.user_id, commented.commented_at
    from commented
    left join senders
        on senders.corp_id = commented.corp_id
        and senders.report_id = commented.report_id
        and senders.user_id = commented.user_id
    where senders.user_id is null
),
commented_on_report_day as (
    select commented.corp_id, days_of_reports.stat_day, commented.report_id, commented.user_id, commented.commented_at
    from days_of_reports
    join commented on commented.corp_id = days_of_reports.corp_id and commented.report_id = days_of_reports.report_id
),
commented_by_others_on_report_day as (
    select others.corp_id, days_of_reports.stat_day, others.report_id, others.user_id, others.commented_at
    from days_of_reports
    join commented_by_others as others
        on others.corp_id = days_of_reports.corp_id and others.report_id = days_of_reports.report_id
)
