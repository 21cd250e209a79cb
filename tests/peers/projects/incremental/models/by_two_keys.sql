{{ config(unique_key=['id', 'name'], incremental_strategy='delete+insert') }}
select id, name, max(amount) as amount from {{ ref('events') }}
{% if is_incremental() %} where batch = {{ var('batch') }} {% endif %}
group by 1, 2
