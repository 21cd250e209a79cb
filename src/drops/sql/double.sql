select coalesce(max(abs({{ ident(column) }}::hugeint)) <= 9007199254740992, true) from read_parquet({{ literal(path) }}, hive_partitioning = false)
