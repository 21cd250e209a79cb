-- Recency, frequency and money of each customer, scored 1 (worst) to 5 (best). The reference day is the
-- last day with an order, not today: the same data gives the same scores.
with

customers as (
    select * from {{ ref('dim_customers') }}
    where lifetime_value > 0
),

reference_day as (
    select max(last_order_date) as date_day from customers
),

measured as (
    select
        customers.customer_unique_id,
        {{ days_between('customers.last_order_date', 'reference_day.date_day') }} as recency_days,
        customers.order_count as frequency,
        customers.lifetime_value as monetary_value
    from customers
    cross join reference_day
),

scored as (
    select
        *,
        ntile(5) over (order by recency_days desc, customer_unique_id) as recency_score,
        -- most people order once: fixed steps say more than fifths of a list that is mostly ties
        least(frequency, 5) as frequency_score,
        ntile(5) over (order by monetary_value, customer_unique_id) as monetary_score
    from measured
),

segments as (
    select * from {{ ref('rfm_segments') }}
)

select
    scored.customer_unique_id,
    scored.recency_days,
    scored.frequency,
    scored.monetary_value,
    scored.recency_score,
    scored.frequency_score,
    scored.monetary_score,
    scored.recency_score * 100 + scored.frequency_score * 10 + scored.monetary_score as rfm_code,
    segments.rfm_segment
from scored
left join segments
    on
        scored.recency_score between segments.min_recency_score and segments.max_recency_score
        and scored.frequency_score
        between segments.min_frequency_score and segments.max_frequency_score
