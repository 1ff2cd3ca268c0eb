-- The number of the transaction that changed something, in the order in which they are committed: whoever has read up to
-- one misses nothing and reads nothing twice. Zero is from before these were kept.
alter table computations add column change bigint not null default 0;
alter table coverage_history add column change bigint not null default 0;
create index computations_by_change on computations (service, change);

-- The last of them; no row before the first. Who takes one keeps the row until the end of the transaction, so that the
-- next one is committed later, which those of a sequence need not be. The story is a random text, and another one once a
-- backup was restored: the numbers of two stories have nothing to do with each other.
create table change_numbers (
    id bigint primary key check (id = 1),
    story text collate "C" not null,
    last bigint not null
)
