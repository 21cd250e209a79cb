{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='id') }}
select * from {{ ref('events') }} {% if is_incremental() %}where id > 1{% endif %}
