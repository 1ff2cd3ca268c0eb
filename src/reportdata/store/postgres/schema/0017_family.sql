-- What DingTalk answered for services whose KPIs no document tells: the whole answer, as JSON.
alter table official_figures add column answer text collate "C";

-- Where the contract serves DingTalk's own figures of a service with facts, in place of what was counted.
create table official_services (
    corp_id text collate "C" not null,
    service text collate "C" not null,
    primary key (corp_id, service)
)
