{{ config(materialized=var('shape', 'view')) }}
select shop_id, count(*) as sales from {{ ref('sales') }} group by shop_id
