{{ config(materialized='incremental', incremental_strategy='count_only', unique_key='id') }}
select * from {{ ref('events') }}
