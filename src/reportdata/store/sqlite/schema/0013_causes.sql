-- What changed the numbers: a JSON array of causes, the same for all organisations of a day or for one. Null is from
-- before causes were kept.
alter table kpis add column causes text;

-- When days came to be covered, or were covered no more. What was covered when this began has the time 0.
create table coverage_history (
    corp_id text not null,
    kind text not null,
    first_day text not null,
    last_day text not null,
    changed_at integer not null,    -- milliseconds since 1970
    covered integer not null,
    cause text                      -- null for a look
);
create index coverage_history_by_organisation on coverage_history (corp_id, changed_at);
insert into coverage_history (corp_id, kind, first_day, last_day, changed_at, covered)
select corp_id, kind, first_day, last_day, 0, 1 from coverage;

create index computations_by_time on computations (service, computed_at);

-- What is about to change the numbers of a day though its files do not tell: the next computation of the whole day
-- takes it over. An empty organisation means all.
create table announced_causes (
    service text not null,
    stat_day text not null,
    corp_id text not null,
    cause text not null,
    primary key (service, stat_day, corp_id, cause)
) without rowid
