{{ config(full_refresh=false, incremental_strategy='append') }}
select max(batch) as batch from {{ ref('events') }}
