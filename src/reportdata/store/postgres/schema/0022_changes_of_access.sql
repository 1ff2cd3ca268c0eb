-- How many of these changes were of who may ask alone: of apps, tokens, links and sessions. No answer rests on them.
alter table changes add column access bigint not null default 0
