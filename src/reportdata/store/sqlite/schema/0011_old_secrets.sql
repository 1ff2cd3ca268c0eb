-- Secrets that an app had before and that are valid for a while: a JSON array of [hash, seconds since 1970].
alter table apps add column old_secrets text not null default '[]'
