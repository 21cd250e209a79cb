{{ config(materialized='table') }}
select id, country, amount from {{ ref('base_orders') }}
