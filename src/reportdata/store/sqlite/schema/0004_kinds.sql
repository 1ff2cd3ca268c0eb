-- An organisation is observed kind by kind. What was noted before said that both reports and comments were seen.
create table coverage_of_kinds (
    corp_id text not null,
    kind text not null,
    first_day text not null,
    last_day text not null,
    observed_at integer not null,   -- milliseconds since 1970; 0 is a time that is not known
    primary key (corp_id, kind, first_day)
) without rowid;
insert into coverage_of_kinds select corp_id, 'sent', first_day, last_day, observed_at from coverage;
insert into coverage_of_kinds select corp_id, 'commented', first_day, last_day, observed_at from coverage;
drop table coverage;
alter table coverage_of_kinds rename to coverage
;

-- Whether an app is answered 0 in place of a KPI that is not known.
alter table apps add column zero_unknown integer not null default 0
