-- Events that somebody created or received.
event_used as (
    select corp_id, stat_day, event_id, user_id, event_created_at from event_created
    union all
    select corp_id, stat_day, event_id, user_id, event_received_at as event_created_at from event_received
)
