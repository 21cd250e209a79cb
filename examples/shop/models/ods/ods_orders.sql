-- One row per order: the last export wins. Exact copies are alike in every column, so it does not matter
-- which of them is kept.
with

orders as (
    select * from {{ ref('stg_orders') }}
),

latest as (
    select *
    from orders
    where order_id is not null
    qualify row_number() over (
        partition by order_id
        order by exported_at desc nulls last, delivered_at desc nulls last, order_status
    ) = 1
),

checked as (
    select
        order_id,
        customer_id,
        order_status,
        purchased_at,
        approved_at,
        shipped_at,
        delivered_at,
        estimated_delivery_date,
        exported_at,
        -- a scanner with a wrong clock: kept, but no duration may be computed from it
        coalesce(delivered_at < purchased_at, false) as has_impossible_dates
    from latest
)

select * from checked
