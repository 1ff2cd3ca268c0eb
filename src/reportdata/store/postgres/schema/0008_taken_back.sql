-- What an import had that was known already is kept since then, so that it can be taken back.
alter table imports add column reversible integer not null default 0;
alter table imports add column taken_back_at bigint     -- milliseconds since 1970
