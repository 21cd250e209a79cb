{{ config(materialized='table') }}
select 'x' || id as label, id, amount::numeric as amount from {{ ref('sales') }}
