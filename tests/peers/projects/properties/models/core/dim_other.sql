{{ config(materialized='table') }}
select id, name as label from {{ ref('base') }}
