{{ config(location=gold_location('gold_sales_monthly')) }}

select *
from {{ ref('kpi_sales_monthly') }}
order by month_start
