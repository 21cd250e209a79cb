{{ config(incremental_strategy='append') }}
select id, batch, name, amount from {{ ref('events') }}
{% if is_incremental() %}
where batch > (select max(batch) from {{ this }})
{% endif %}
