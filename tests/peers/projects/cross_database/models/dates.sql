select
  {{ dbt.dateadd('day', 3, "date '2024-01-30'") }} as d1,
  {{ dbt.dateadd(datepart='month', interval=-1, from_date_or_timestamp="timestamp '2024-03-31 10:00:00'") }} as d2,
  {{ dateadd('hour', 5, "timestamp '2024-03-31 10:00:00'") }} as d3,
  {{ dbt.datediff("date '2024-01-01'", "date '2025-03-02'", 'day') }} as f1,
  {{ dbt.datediff("date '2024-01-31'", "date '2025-03-02'", 'month') }} as f2,
  {{ dbt.datediff("timestamp '2024-01-31 23:59:00'", "timestamp '2024-02-01 00:01:00'", 'hour') }} as f3,
  {{ dbt.date_trunc('quarter', "date '2024-05-17'") }} as t1,
  {{ date_trunc('week', "timestamp '2024-05-17 12:00:00'") }} as t2,
  {{ dbt.last_day("date '2024-02-10'", 'month') }} as l1,
  {{ dbt.last_day("date '2024-02-10'", 'year') }} as l3,
  {{ dbt.date(2024, 2, 29) }} as made
