{{ config(materialized='incremental', full_refresh=true) }}
select max(amount) as amount from {{ ref('events') }}
