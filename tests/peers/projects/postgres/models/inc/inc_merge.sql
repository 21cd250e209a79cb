{{ config(materialized='incremental', unique_key='id', incremental_strategy='merge',
          merge_exclude_columns=['shop_id']) }}
select id + {{ 3 if is_incremental() else 0 }} as id, shop_id * {{ 10 if is_incremental() else 1 }} as shop_id, amount * 2 as amount
from {{ ref('sales') }}
