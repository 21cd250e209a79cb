{{ config(materialized='incremental', incremental_strategy='merge') }}
select * from {{ ref('events') }}
