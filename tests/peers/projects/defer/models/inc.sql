{{ config(materialized='incremental', unique_key='id') }} select id, v from {{ ref('stg') }}
