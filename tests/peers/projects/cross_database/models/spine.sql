with days as (
{{ dbt.date_spine('day', "cast('2024-01-30' as date)", "cast('2024-02-03' as date)") }}
), numbers as (
{{ dbt.generate_series(5) }}
)
select date_day, generated_number from days join numbers on generated_number = 1
