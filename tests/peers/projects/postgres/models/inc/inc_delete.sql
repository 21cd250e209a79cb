{{ config(materialized='incremental', unique_key=['id', 'shop_id'], incremental_strategy='delete+insert',
          incremental_predicates=["shop_id <> 3"]) }}
select id, shop_id, amount + {{ 100 if is_incremental() else 0 }} as amount from {{ ref('sales') }}
{% if is_incremental() %} where id in (1, 4) {% endif %}
