{{ config(materialized='incremental', incremental_strategy='append', indexes=[{'columns': ['id']}]) }}
select id, amount from {{ ref('sales') }} {% if is_incremental() %} where id > 2 {% endif %}
