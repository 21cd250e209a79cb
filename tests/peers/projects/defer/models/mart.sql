{{ config(materialized='table') }} select id, v, 1 as n from {{ ref('eph') }}
