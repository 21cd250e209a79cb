{{ config(materialized='incremental', on_schema_change='sometimes') }}
select id from {{ ref('events') }}
