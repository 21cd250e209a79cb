{{ config(materialized='table') }} select * from {{ ref('events') }}
