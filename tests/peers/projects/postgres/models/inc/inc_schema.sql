{{ config(materialized='incremental', on_schema_change='sync_all_columns', unique_key='id') }}
{% if is_incremental() %}
select 1 as id, 2.5 as amount, 'new' as added
{% else %}
select 1 as id, 2 as amount, 'old' as dropped
{% endif %}
