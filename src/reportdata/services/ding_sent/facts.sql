-- DINGs by how they reach people.
ding_by_app as (
    select corp_id, stat_day, ding_id, user_id, way, ding_sent_at from ding_sent where way = 'app'
),
ding_by_sms as (
    select corp_id, stat_day, ding_id, user_id, way, ding_sent_at from ding_sent where way = 'sms'
),
ding_by_call as (
    select corp_id, stat_day, ding_id, user_id, way, ding_sent_at from ding_sent where way = 'call'
)
