-- How products of a category are judged, month by month. An order with two categories counts for both.
with

reviews as (
    select * from {{ ref('fct_reviews') }}
),

order_categories as (
    select distinct
        order_id,
        category
    from {{ ref('fct_order_items') }}
)

select
    cast(date_trunc('month', reviews.purchase_date) as date) as month_start,
    order_categories.category,
    count(*) as review_count,
    round(avg(reviews.review_score), 3) as average_score,
    {%- for score in range(1, 6) %}
    count(*) filter (where reviews.review_score = {{ score }}) as score_{{ score }}_count,
    {%- endfor %}
    {{ ratio("count(*) filter (where reviews.attitude = 'promoter')"
             ~ " - count(*) filter (where reviews.attitude = 'detractor')", 'count(*)') }} as net_promoters
from reviews
inner join order_categories
    on reviews.order_id = order_categories.order_id
group by month_start, order_categories.category
