-- What DingTalk answered for services whose KPIs no document tells: the whole answer, as JSON.
alter table official_figures add column answer text;

-- Where the contract serves DingTalk's own figures of a service with facts, in place of what was counted.
create table official_services (
    corp_id text not null,
    service text not null,
    primary key (corp_id, service)
) without rowid
