{{ config(materialized='table') }}
select id, shop_id, amount, sold_at from {{ ref('sales') }}
