{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        meta={'grain': 'one row per event'}
    )
}}

-- The tracker only ever adds, so a run appends what is newer than the newest event it has.
with

events as (
    select * from {{ ref('stg_order_events') }}
),

fresh as (
    select *
    from events
    {% if is_incremental() -%}
    where occurred_at > (select coalesce(max(occurred_at), timestamp '1970-01-01') from {{ this }})
    {%- endif %}
)

select
    event_id,
    order_id,
    event_type,
    occurred_at,
    device,
    coalesce(channel, 'unknown') as channel
from fresh
qualify row_number() over (
    partition by event_id
    order by occurred_at, channel nulls last
) = 1
