{{ config(materialized='materialized_view', indexes=var('mv_plain_indexes', [{'columns': ['shop_id']}])) }}
select shop_id, sum(amount) as total from {{ ref('sales_table') }} group by shop_id
