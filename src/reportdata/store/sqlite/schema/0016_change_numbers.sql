-- The number of the transaction that changed something, in the order in which they are committed: whoever has read up to
-- one misses nothing and reads nothing twice. Zero is from before these were kept.
alter table computations add column change integer not null default 0;
alter table coverage_history add column change integer not null default 0;
create index computations_by_change on computations (service, change);

-- The last of them; no row before the first. The story is a random text, and another one once a backup was restored: the
-- numbers of two stories have nothing to do with each other.
create table change_numbers (
    id integer primary key check (id = 1),
    story text not null,
    last integer not null
)
