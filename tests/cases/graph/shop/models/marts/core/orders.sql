{{ config(tags=['daily', 'core']) }}
select o.* from {{ ref('stg_orders') }} o, {{ ref('stg_payments') }} p
