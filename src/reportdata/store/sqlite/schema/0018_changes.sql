-- One row: how often anything was changed that answers rest on, which apps, tokens, links and sessions are not.
create table changes (number integer not null);
insert into changes values (0)
