{{ config(materialized='table') }} select id from {{ ref('two_times') }}
