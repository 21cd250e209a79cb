{{ config(materialized='ephemeral') }}
select id, amount from {{ ref('base_orders') }} where is_paid
