{# First and last row of each stretch of rows that came from one of these archives. #}
select min(place)::bigint, max(place)::bigint
from (
    select file_row_number as place, file_row_number - row_number() over (order by file_row_number) as stretch
    from read_parquet({{ literal(path) }}, file_row_number = true, hive_partitioning = false)
    where {{ ident(archive) }} in ({% for a in archives %}{{ literal(a) }}{{ '' if loop.last else ', ' }}{% endfor %})
)
group by stretch
order by 1
