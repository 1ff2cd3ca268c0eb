-- The names of the files that a day was computed from, as a JSON array. A day from before this column has none, and is
-- computed as a whole the next time that it is stale.
alter table computed_days add column files text not null default '[]'
