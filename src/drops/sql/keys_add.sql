insert into weir_drop_keys
select {{ first }}::bigint + part.file_row_number
{%- for k in keys %}, {% if k.how == 'number_text' %}case when part.{{ ident(k.source) }} = trunc(part.{{ ident(k.source) }}) and abs(part.{{ ident(k.source) }}) < 1e15 then cast(cast(part.{{ ident(k.source) }} as bigint) as varchar) else cast(part.{{ ident(k.source) }} as varchar) end
{%- else %}cast(part.{{ ident(k.source) }} as {{ k.type }}){% endif %}{% endfor %}
{%- if has_origin %}, part.{{ ident(archive) }} || ': ' || part.{{ ident(file) }} || ' line ' || part.{{ ident(line) }}{% endif %}

from read_parquet({{ literal(path) }}, file_row_number = true, hive_partitioning = false) as part
where part.file_row_number in (select place from weir_places)
{% for k in keys %}
  and part.{{ ident(k.source) }} is not null
{% endfor %}
