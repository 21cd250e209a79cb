with

reviews as (
    select * from {{ ref('ods_order_reviews') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
)

select
    reviews.order_id,
    reviews.review_id,
    reviews.review_score,
    case
        when reviews.review_score >= 4 then 'promoter'
        when reviews.review_score = 3 then 'passive'
        else 'detractor'
    end as attitude,
    reviews.comment_message is not null as has_comment,
    coalesce(length(reviews.comment_message), 0) as comment_length,
    cast(reviews.requested_at as date) as requested_date,
    cast(reviews.answered_at as date) as answered_date,
    reviews.answer_days,
    reviews.answer_days > {{ var('late_review_days') }} as is_late_review,
    orders.purchase_date,
    orders.state_code,
    orders.delivery_days,
    orders.is_late
from reviews
inner join orders
    on reviews.order_id = orders.order_id
