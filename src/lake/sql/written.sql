select * from read_parquet({{ literal(folder ~ '/**/*.parquet') }}, union_by_name = true, hive_partitioning = true)
