{# Rows of a segment in the types of the table, each with its number. A DOUBLE that becomes a text shows no fraction where it has
   none: the file had "17", or the column would not have begun as a number of such rows. #}
{%- macro converted(c) -%}
{% if c.how == 'same' %}{{ ident(c.source) }}
{%- elif c.how == 'missing' %}cast(null as {{ c.type }})
{%- elif c.how == 'number_text' %}case when {{ ident(c.source) }} = trunc({{ ident(c.source) }}) and abs({{ ident(c.source) }}) < 1e15 then cast(cast({{ ident(c.source) }} as bigint) as varchar) else cast({{ ident(c.source) }} as varchar) end
{%- else %}cast({{ ident(c.source) }} as {{ c.type }})
{%- endif %}
{%- endmacro -%}
select
{% for c in columns %}
    {{ converted(c) }} as {{ ident(c.name) }},
{% endfor %}
    file_row_number
from read_parquet({{ literal(path) }}, file_row_number = true, hive_partitioning = false)
where file_row_number >= {{ rows_from }} and file_row_number < {{ rows_end }}
{% if sorts %}
order by file_row_number
{% endif %}
