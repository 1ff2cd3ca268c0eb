-- What the collector keeps of its own. Times are milliseconds since 1970. No secret, no token, no text and no name of a
-- person has a place here.

create table sources (
    corp_id text primary key,
    app_key text not null,
    secret_file text not null,          -- outside the data folder; empty when the secret comes from a variable
    api text not null,
    oapi text not null,
    first_day text not null,            -- the first day that is collected
    listing text not null default ''    -- the API that lists reports, once one was found that is allowed
) strict, without rowid;

create table budgets (
    corp_id text primary key,
    calls integer not null,             -- a month
    per_second real not null,
    spent_in text not null default '',  -- the month in which DingTalk said that no call is left
    next_at real not null default 0     -- when the next call may be sent, in seconds since 1970
) strict, without rowid;

create table calls (
    corp_id text not null,
    day text not null,                  -- of Beijing, whose months DingTalk counts in
    api text not null,
    count integer not null,
    primary key (corp_id, day, api)
) strict, without rowid;

create table pauses (
    corp_id text not null,
    what text not null,                 -- an API, or `all`
    until integer not null,
    primary key (corp_id, what)
) strict, without rowid;

-- Looks at the list of reports that were begun and not finished: where they are.
create table looks (
    id integer primary key autoincrement,
    corp_id text not null,
    purpose text not null,
    first_at integer not null,
    last_at integer not null,
    cursor integer not null default 0,
    begun_at integer not null,
    moved_at integer not null
) strict;
create unique index looks_of_source on looks (corp_id, purpose);

-- The times whose reports were listed: pieces that do not touch.
create table listed (
    corp_id text not null,
    first_at integer not null,
    last_at integer not null,
    primary key (corp_id, first_at)
) strict, without rowid;

create table days (
    corp_id text not null,
    stat_day text not null,
    looks integer not null default 0,   -- how often all of the day was listed after it had ended
    looked_at integer not null default 0,
    primary key (corp_id, stat_day)
) strict, without rowid;

create table reports (
    corp_id text not null,
    report_id text not null,
    user_id text not null,
    sent_at integer not null,
    stat_day text not null,
    template text not null,
    look integer not null,              -- the last look that saw it
    read_at integer not null default 0, -- when its comments were last read to their end; 0 for never
    reads integer not null default 0,
    found integer not null default 0,   -- comments
    begun_at integer not null default 0,-- when a reading of several pages was begun that is not finished
    next_page integer not null default 0,
    closed integer not null default 0,  -- 1 when its comments are read no more
    absent_at integer not null default 0, -- when it was last looked for and not found; 0 when it is there
    missed integer not null default 0,  -- how often it was looked for by itself since, and not found
    rejected integer not null default 0,-- 1 when DingTalk does not know its id any more
    withdrawn integer not null default 0,
    primary key (corp_id, report_id)
) strict, without rowid;
create index reports_of_day on reports (corp_id, stat_day);
create index open_reports on reports (corp_id, closed, sent_at);
create index absent_reports on reports (corp_id, absent_at) where absent_at > 0 and withdrawn = 0;

-- Who commented on whose reports on which day.
create table commented (
    corp_id text not null,
    report_id text not null,
    user_id text not null,
    stat_day text not null,
    count integer not null,
    primary key (corp_id, report_id, user_id, stat_day)
) strict, without rowid;
create index commented_on_day on commented (corp_id, stat_day, user_id);

create table people (
    corp_id text not null,
    user_id text not null,
    departments text,                   -- names with commas between them; null when the directory does not tell
    looked_at integer not null,
    primary key (corp_id, user_id)
) strict, without rowid;

create table departments (
    corp_id text not null,
    dept_id integer not null,
    name text not null,
    looked_at integer not null,
    primary key (corp_id, dept_id)
) strict, without rowid;

-- Facts that are not in the lake yet.
create table outbox (
    id integer primary key,
    corp_id text not null,
    kind text not null,
    report_id text not null,
    user_id text not null,
    at integer not null,                -- microseconds, as facts have it
    stat_day text not null,
    template text,
    departments text
) strict;

-- How many early readings of comments a day has left.
create table nights (
    corp_id text not null,
    stat_day text not null,
    left_over integer not null,
    primary key (corp_id, stat_day)
) strict, without rowid;

-- Digests of people who were forgotten: what they send and write is not collected again.
create table forgotten (
    corp_id text not null,
    digest text not null,
    primary key (corp_id, digest)
) strict, without rowid;
