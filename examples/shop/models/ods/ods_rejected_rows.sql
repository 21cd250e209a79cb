{#- What the cleaning left out, and why: one row per source and reason, so that nothing disappears unseen. -#}
{%- set orphans = {
    'order_items': 'stg_order_items',
    'order_payments': 'stg_order_payments',
    'order_reviews': 'stg_order_reviews',
} -%}

with

{% for table_name, model_name in orphans.items() -%}
orphaned_{{ table_name }} as (
    select
        '{{ table_name }}' as source_table,
        'order does not exist' as reason,
        count(*) as row_count
    from {{ ref(model_name) }} as rows_in
    left join {{ ref('ods_orders') }} as orders
        on rows_in.order_id = orders.order_id
    where orders.order_id is null
),

{% endfor -%}

invalid_scores as (
    select
        'order_reviews' as source_table,
        'score missing or not from 1 to 5' as reason,
        count(*) as row_count
    from {{ ref('stg_order_reviews') }}
    where review_score is null or review_score not between 1 and 5
),

far_points as (
    select
        'geolocation' as source_table,
        'point outside Brazil' as reason,
        count(*) as row_count
    from {{ ref('stg_geolocation') }}
    where
        latitude not between -34 and 6
        or longitude not between -74 and -32
),

combined as (
    {% for table_name in orphans -%}
    select * from orphaned_{{ table_name }}
    union all
    {% endfor -%}
    select * from invalid_scores
    union all
    select * from far_points
)

select * from combined
