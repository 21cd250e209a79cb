{{ config(materialized='incremental', full_refresh=false) }}
select max(amount) as amount from {{ ref('events') }}
