{{ config(materialized='table', tags=['broken']) }}
select id, 1.5 as more from {{ ref('sales') }}
