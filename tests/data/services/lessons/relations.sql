-- held: what was attended of lessons that were not cancelled.
held as (
    select corp_id, stat_day, lesson_id, learner_id, attended_at, minutes, fee, room
    from attended
    where not exists (
        select 1 from cancelled
        where cancelled.corp_id = attended.corp_id and cancelled.lesson_id = attended.lesson_id
    )
)
