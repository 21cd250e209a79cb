{{ config(enabled=false) }}
select 1 as id from {{ ref('nowhere_at_all') }}
