select {{ dbt.get_powers_of_two(100) }} as powers,
  {{ dbt.get_intervals_between("date '2024-01-01'", "date '2024-01-05'", 'day') }} as intervals,
  '{{ dbt.convert_datetime("20240102", "%Y%m%d") }}' as converted,
  '{{ dbt.dates_in_range("20240130", "20240202", "%Y%m%d", "%Y-%m-%d") | join(" ") }}' as dates,
  '{{ dbt.partition_range("20240101, 20240103") | join(" ") }}' as range,
  '{{ dbt.py_current_timestring() | length }}' as stamp
