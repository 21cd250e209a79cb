{{ config(materialized='incremental', unique_key='id') }}
select id, amount + {{ 100 if is_incremental() else 0 }} as amount from {{ ref('sales') }}
