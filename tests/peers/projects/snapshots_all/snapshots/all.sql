{% snapshot by_time %}
{{ config(unique_key='id', strategy='timestamp', updated_at='changed') }}
select * from {{ ref('people') }}
{% endsnapshot %}

{% snapshot by_time_invalidate %}
{{ config(unique_key='id', strategy='timestamp', updated_at='changed', hard_deletes='invalidate', schema='kept') }}
select * from {{ ref('people') }}
{% endsnapshot %}

{% snapshot by_time_new_record %}
{{ config(unique_key='id', strategy='timestamp', updated_at='changed', hard_deletes='new_record') }}
select * from {{ ref('people') }}
{% endsnapshot %}

{% snapshot old_invalidate %}
{{ config(unique_key='id', strategy='check', check_cols=['amount', 'name'], invalidate_hard_deletes=true, target_schema='elsewhere') }}
select * from {{ ref('people') }}
{% endsnapshot %}

{% snapshot all_columns %}
{{ config(unique_key='id', strategy='check', check_cols='all', hard_deletes='new_record') }}
select * from {{ ref('wide_people') }}
{% endsnapshot %}

{% snapshot of_expression %}
{{ config(unique_key="id || '-' || name", strategy='check', check_cols=['amount']) }}
select id, name, amount from {{ ref('people') }}
{% endsnapshot %}
