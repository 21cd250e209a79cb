{{ config(unique_key='id') }}
select id, batch, name, amount from {{ ref('events') }}
{%- if is_incremental() %}
where batch > (select max(batch) from {{ this }})
{%- else %}
where batch = 1
{%- endif %}
