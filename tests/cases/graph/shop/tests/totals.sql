{{ config(tags=['nightly'], group='finance') }}
select 1 from {{ ref('orders') }}, {{ ref('revenue') }} where false
