-- Every order of the export is in the fact table, and nothing else.
with

exported as (
    select distinct order_id from {{ ref('stg_orders') }}
),

built as (
    select order_id from {{ ref('fct_orders') }}
)

(select order_id, 'missing' as problem from exported except select order_id, 'missing' from built)
union all
(select order_id, 'made up' as problem from built except select order_id, 'made up' from exported)
