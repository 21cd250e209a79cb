select {{ dbt.current_timestamp() }} is not null as t1, {{ dbt.current_timestamp_backcompat() }} is not null as t2,
  {{ dbt.current_timestamp_in_utc_backcompat() }} is not null as t3, {{ dbt.snapshot_get_time() }} is not null as t4,
  {{ dbt.snapshot_string_as_time('2024-01-02 03:04:05') }} as t5, {{ dbt.snapshot_hash_arguments(["'a'", "'b'"]) }} as t6
