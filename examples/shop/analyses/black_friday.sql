-- What Black Friday is worth: its revenue as a multiple of the ordinary November day.
with

sales as (
    select
        daily.*,
        dates.year_number,
        dates.is_black_friday
    from {{ ref('kpi_sales_daily') }} as daily
    inner join {{ ref('dim_dates') }} as dates
        on daily.sales_date = dates.date_day
    where dates.month_of_year = 11
)

select
    year_number,
    max(revenue) filter (where is_black_friday) as black_friday_revenue,
    {{ average_money('sum(revenue) filter (where not is_black_friday)',
                     'count(*) filter (where not is_black_friday)') }} as ordinary_day_revenue
from sales
group by year_number
order by year_number
