-- An organisation is observed kind by kind. What was noted before said that both reports and comments were seen.
alter table coverage add column kind text collate "C" not null default '';
alter table coverage drop constraint coverage_pkey;
insert into coverage (corp_id, first_day, last_day, observed_at, kind)
select corp_id, first_day, last_day, observed_at, 'sent' from coverage;
update coverage set kind = 'commented' where kind = '';
alter table coverage alter column kind drop default;
alter table coverage add primary key (corp_id, kind, first_day)
;

-- Whether an app is answered 0 in place of a KPI that is not known.
alter table apps add column zero_unknown integer not null default 0
