{{ config(materialized='table') }}
{% set step = var('step') %}
select 1 as id, 'a' as kind, 10 * {{ step }} as amount, 'n{{ step }}' as note
union all select 2, 'b', 20 * {{ step }}, 'm{{ step }}'
{% if step > 1 %}union all select 3, 'c', 30, 'k{{ step }}'{% endif %}
