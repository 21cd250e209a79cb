{{ config(unique_key='id', incremental_strategy='merge', merge_update_columns=['amount']) }}
select id, name || '-{{ var("batch") }}' as name, max(amount) as amount from {{ ref('events') }}
where batch = {{ var('batch') }}
group by 1, 2
