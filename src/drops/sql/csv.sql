copy (select * from read_parquet([{% for f in files %}{{ literal(f) }}{{ '' if loop.last else ', ' }}{% endfor %}], hive_partitioning = false))
to {{ literal(path) }} (format csv, header true)
