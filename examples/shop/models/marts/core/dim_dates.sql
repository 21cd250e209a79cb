-- The calendar, one row per day.
with

days as (
    select cast(generate_series as date) as date_day
    from generate_series(
        timestamp '{{ var("calendar_start") }}', timestamp '{{ var("calendar_end") }}', interval 1 day
    )
)

select
    date_day,
    year(date_day) as year_number,
    quarter(date_day) as quarter_of_year,
    month(date_day) as month_of_year,
    cast(date_trunc('month', date_day) as date) as month_start,
    cast(date_trunc('week', date_day) as date) as week_start,
    isodow(date_day) as day_of_week,
    isodow(date_day) in (6, 7) as is_weekend,
    -- the Friday after the fourth Thursday of November
    month(date_day) = 11
    and isodow(date_day) = 5
    and day(date_day) between 23 and 29 as is_black_friday
from days
