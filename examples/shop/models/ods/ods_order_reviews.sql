-- One row per order and review. A customer may answer one mail for two orders, so review_id alone is no key.
with

reviews as (
    select * from {{ ref('stg_order_reviews') }}
),

orders as (
    select order_id from {{ ref('ods_orders') }}
),

valid as (
    select *
    from reviews
    where review_score between 1 and 5
),

deduplicated as (
    select *
    from valid
    qualify row_number() over (
        partition by order_id
        order by answered_at desc, review_id
    ) = 1
)

select
    deduplicated.review_id,
    deduplicated.order_id,
    deduplicated.review_score,
    deduplicated.comment_title,
    deduplicated.comment_message,
    deduplicated.requested_at,
    deduplicated.answered_at,
    {{ days_between('deduplicated.requested_at', 'deduplicated.answered_at') }} as answer_days
from deduplicated
inner join orders
    on deduplicated.order_id = orders.order_id
