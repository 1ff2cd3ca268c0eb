-- What was pushed, a row for each commit; a line of the content is a fact in JSON.
create table inbox (
    id bigint generated always as identity primary key,
    begun_at bigint not null default extract(epoch from clock_timestamp()) * 1000000,   -- microseconds since 1970
    size bigint not null,
    damaged boolean not null default false,
    content bytea not null
);
alter table inbox alter column content set storage external
