copy (
{{ select }}

) to {{ literal(path) }} (
{% if format == 'parquet' %}
    format parquet, compression zstd, row_group_size {{ row_group_rows }}, return_stats
{% elif format == 'csv' %}
    format csv, header true
{% elif format == 'json' %}
    format json{{ ', array true' if is_array else '' }}
{% else %}
    format {{ format }}, header true
{% endif %}
{% if partition_by %}
    , partition_by ({% for c in partition_by %}{{ ident(c) }}{{ '' if loop.last else ', ' }}{% endfor %})
{% elif file_bytes %}
    , file_size_bytes {{ file_bytes }}
{% endif %}
)
