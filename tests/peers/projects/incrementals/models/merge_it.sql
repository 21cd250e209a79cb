{{ config(materialized='incremental', incremental_strategy='merge', unique_key=['id', 'kind']) }}
select * from {{ ref('events') }}
