{{ config(materialized='incremental', unique_key='nokey', incremental_strategy='merge') }}
select id from {{ ref('events') }}
