{{ config(materialized='view', group='finance', access='private') }}
select sum(amount) as total from {{ ref('orders') }}
