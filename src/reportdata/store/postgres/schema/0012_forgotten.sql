-- Digests of people who were forgotten: their facts are not taken in again. Nothing else tells whose they are.
create table forgotten (
    digest text collate "C" primary key
)
