-- What was collected belongs to a source in place of an organisation: an organisation may have several.

alter table sources rename to sources_of_1;
create table sources (
    id integer primary key,
    name text not null,
    corp_id text not null,
    suite text not null,                -- the name of its kind
    app_key text not null,
    secret_file text not null,          -- outside the data folder; empty when the secret comes from a variable
    first_day text not null,            -- the first day that is collected
    endpoints text not null default '{}', -- addresses by name, as JSON
    comments integer not null default 1,-- 0 when the suite tells no comments
    removed integer not null default 0  -- 1 when it is collected no more; what was collected stays
) strict;
create unique index sources_there on sources (name) where removed = 0;
insert into sources (name, corp_id, suite, app_key, secret_file, first_day, endpoints)
select corp_id, corp_id, 'dingtalk', app_key, secret_file, first_day, json_object('api', api, 'oapi', oapi)
from sources_of_1;
insert into sources (name, corp_id, suite, app_key, secret_file, first_day, removed)
select corp_id, corp_id, 'dingtalk', '', '', min(stat_day), 1
from (select corp_id, stat_day from days union all select corp_id, stat_day from reports union all
      select corp_id, stat_day from outbox)
where corp_id not in (select corp_id from sources_of_1) group by corp_id;

-- What a suite remembers of a source.
create table notes (
    source integer not null,
    name text not null,
    text text not null,
    primary key (source, name)
) strict, without rowid;
insert into notes select s.id, 'listing', o.listing from sources_of_1 o join sources s using (corp_id)
where o.listing <> '';
drop table sources_of_1;

alter table budgets rename to budgets_of_1;
create table budgets (
    suite text not null,
    corp_id text not null,
    calls integer not null,             -- a month
    per_second real not null,
    spent_in text not null default '',  -- the month in which the suite said that no call is left
    next_at real not null default 0,    -- when the next call may be sent, in seconds since 1970
    primary key (suite, corp_id)
) strict, without rowid;
insert into budgets select 'dingtalk', corp_id, calls, per_second, spent_in, next_at from budgets_of_1;
drop table budgets_of_1;

alter table calls rename to calls_of_1;
create table calls (
    suite text not null,
    corp_id text not null,
    day text not null,                  -- of the zone whose months the suite counts in
    api text not null,
    count integer not null,
    primary key (suite, corp_id, day, api)
) strict, without rowid;
insert into calls select 'dingtalk', corp_id, day, api, count from calls_of_1;
drop table calls_of_1;

drop table pauses;
create table pauses (
    source integer not null,
    what text not null,                 -- `reports`, `comments` or `all`
    until integer not null,
    primary key (source, what)
) strict, without rowid;

drop index looks_of_source;
alter table looks add column source integer not null default 0;
update looks set source = coalesce((select id from sources s where s.corp_id = looks.corp_id), 0);
delete from looks where source = 0;
alter table looks drop column corp_id;
alter table looks rename column cursor to cursor_of_1;
alter table looks add column cursor text not null default '';
update looks set cursor = cast(cursor_of_1 as text) where cursor_of_1 > 0;
alter table looks drop column cursor_of_1;
create unique index looks_of_source on looks (source, purpose);

alter table listed rename to listed_of_1;
create table listed (
    source integer not null,
    first_at integer not null,
    last_at integer not null,
    primary key (source, first_at)
) strict, without rowid;
insert into listed select s.id, first_at, last_at from listed_of_1 join sources s using (corp_id);
drop table listed_of_1;

alter table days rename to days_of_1;
create table days (
    source integer not null,
    stat_day text not null,
    looks integer not null default 0,   -- how often all of the day was listed after it had ended
    looked_at integer not null default 0,
    primary key (source, stat_day)
) strict, without rowid;
insert into days select s.id, stat_day, looks, looked_at from days_of_1 join sources s using (corp_id);
drop table days_of_1;

drop index reports_of_day;
drop index open_reports;
drop index absent_reports;
alter table reports rename to reports_of_1;
create table reports (
    source integer not null,
    report_id text not null,
    user_id text not null,
    sent_at integer not null,
    stat_day text not null,
    template text not null,
    look integer not null,              -- the last look that saw it
    read_at integer not null default 0, -- when its comments were last read to their end; 0 for never
    reads integer not null default 0,
    found integer not null default 0,   -- comments
    begun_at integer not null default 0,-- when a reading of several pages was begun that is not finished
    next_page integer not null default 0,
    closed integer not null default 0,  -- 1 when its comments are read no more
    absent_at integer not null default 0, -- when it was last looked for and not found; 0 when it is there
    missed integer not null default 0,  -- how often it was looked for by itself since, and not found
    rejected integer not null default 0,-- 1 when the suite does not know its id any more
    withdrawn integer not null default 0,
    primary key (source, report_id)
) strict, without rowid;
insert into reports select s.id, report_id, user_id, sent_at, stat_day, template, look, read_at, reads, found, begun_at,
next_page, closed, absent_at, missed, rejected, withdrawn from reports_of_1 join sources s using (corp_id);
drop table reports_of_1;
create index reports_of_day on reports (source, stat_day);
create index open_reports on reports (source, closed, sent_at);
create index absent_reports on reports (source, absent_at) where absent_at > 0 and withdrawn = 0;

drop index commented_on_day;
alter table commented rename to commented_of_1;
create table commented (
    source integer not null,
    report_id text not null,
    user_id text not null,
    stat_day text not null,
    count integer not null,
    primary key (source, report_id, user_id, stat_day)
) strict, without rowid;
insert into commented select s.id, report_id, user_id, stat_day, count from commented_of_1 join sources s using (corp_id);
drop table commented_of_1;
create index commented_on_day on commented (source, stat_day, user_id);

alter table people rename to people_of_1;
create table people (
    source integer not null,
    user_id text not null,
    departments text,                   -- names with commas between them; null when the directory does not tell
    looked_at integer not null,
    primary key (source, user_id)
) strict, without rowid;
insert into people select s.id, user_id, departments, looked_at from people_of_1 join sources s using (corp_id);
drop table people_of_1;

drop table departments;
create table departments (
    source integer not null,
    department_id text not null,        -- empty in the one row of an organisation that has none
    name text not null,
    looked_at integer not null,
    primary key (source, department_id)
) strict, without rowid;

alter table outbox rename to outbox_of_1;
create table outbox (
    id integer primary key,
    source integer not null,
    kind text not null,
    report_id text not null,
    user_id text not null,
    at integer not null,                -- microseconds, as facts have it
    stat_day text not null,
    template text,
    departments text
) strict;
insert into outbox select o.id, s.id, kind, report_id, user_id, at, stat_day, template, departments
from outbox_of_1 o join sources s using (corp_id) order by o.id;
drop table outbox_of_1;
create index outbox_of_source on outbox (source, id);

drop table nights;
create table nights (
    source integer not null,
    stat_day text not null,
    left_over integer not null,
    primary key (source, stat_day)
) strict, without rowid;

-- Records that cannot be used: ids, as far as there are any, the time that they may be of, and the reason.
create table set_aside (
    id integer primary key,
    source integer not null,
    kind text not null,                 -- `sent` or `commented`
    report_id text not null,
    user_id text not null,
    first_at integer not null,
    last_at integer not null,
    reason text not null,
    look integer not null,              -- that saw it, of the list; 0 of a comment
    unique (source, kind, report_id, user_id, first_at, last_at, reason)
) strict;

-- Lists and reports whose last answer could not be used: until when they are left alone.
create table failures (
    source integer not null,
    what text not null,                 -- the purpose of a look, or `report`
    report_id text not null,            -- empty for a look
    first_at integer not null,          -- of the look
    last_at integer not null,
    times integer not null,
    retry_at integer not null,
    reason text not null,
    primary key (source, what, report_id, first_at)
) strict, without rowid;
