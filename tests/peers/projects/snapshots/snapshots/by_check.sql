{% snapshot by_check %}
{{ config(unique_key='id', strategy='check', check_cols=['v'], hard_deletes='invalidate') }}
select id, v from {{ ref('source_rows') }}
{% endsnapshot %}
