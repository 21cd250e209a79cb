create or replace view {{ relation }} as
select * from
{%- if format == 'csv' %} read_csv({{ literal(glob) }}, header = true, union_by_name = true, types = { {%- for c in columns %}{{ literal(c.name) }}: {{ literal(c.type) }}{{ '' if loop.last else ', ' }}{% endfor -%} }
{%- else %} read_parquet({{ literal(glob) }}, union_by_name = true
{%- endif %}
{%- if hive %}, hive_partitioning = true, hive_types = { {%- for h in hive %}{{ literal(h.name) }}: {{ h.type }}{{ '' if loop.last else ', ' }}{% endfor -%} }
{%- else %}, hive_partitioning = false
{%- endif %})
