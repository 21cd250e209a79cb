{{ config(materialized='table') }}
{% set day = var('day') %}
select 1 as id, 'ann' as name, {{ 10 if day == 1 else 11 }} as amount, timestamp '2024-01-01' + interval '{{ 0 if day == 1 else 1 }} day' as changed
union all select 2, 'bob', 20, timestamp '2024-01-01'
{% if day != 2 %} union all select 3, 'cid', 30, timestamp '2024-01-0{{ 1 if day == 1 else 3 }}' {% endif %}
{% if day > 1 %} union all select 4, 'dot', null, timestamp '2024-01-02' {% endif %}
