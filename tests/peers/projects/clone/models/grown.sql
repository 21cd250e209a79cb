{{ config(materialized='incremental', schema='more') }} select * from {{ ref('kept') }}
