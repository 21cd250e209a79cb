with

daily as (
    select * from {{ ref('kpi_sales_daily') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

monthly as (
    select
        dates.month_start,
        -- a sum of whole numbers is a HUGEINT, which Parquet does not know
        cast(sum(daily.order_count) as bigint) as order_count,
        cast(sum(daily.lost_order_count) as bigint) as lost_order_count,
        cast(sum(daily.new_customer_count) as bigint) as new_customer_count,
        sum(daily.revenue) as revenue
    from daily
    inner join dates
        on daily.sales_date = dates.date_day
    group by dates.month_start
)

select
    month_start,
    order_count,
    lost_order_count,
    new_customer_count,
    revenue,
    {{ average_money('revenue', 'order_count - lost_order_count') }} as average_order_value,
    lag(revenue) over (order by month_start) as revenue_previous_month,
    {{ ratio('revenue - lag(revenue) over (order by month_start)',
             'lag(revenue) over (order by month_start)') }} as revenue_growth,
    sum(revenue) over (
        partition by year(month_start)
        order by month_start
    ) as revenue_year_to_date
from monthly
