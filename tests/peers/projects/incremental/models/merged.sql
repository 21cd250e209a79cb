{{ config(unique_key='id', incremental_strategy='merge') }}
select id, name, max(amount) as amount, {{ var('batch') }} as batch from {{ ref('events') }}
where batch = {{ var('batch') }}
group by 1, 2
