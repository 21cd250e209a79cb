{% macro list() %}[{% for f in paths %}{{ literal(f) }}{{ '' if loop.last else ', ' }}{% endfor %}]{% endmacro %}
select * exclude (_weir_path), ((list_position({{ list() }}, _weir_path) - 1)::bigint << 40) as _weir_place
from read_parquet({{ list() }}, union_by_name = true, filename = '_weir_path')
