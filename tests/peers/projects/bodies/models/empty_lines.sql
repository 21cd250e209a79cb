{% if false %}
{{ config(materialized='incremental') }}
{% endif %}
{%- for c in ['a', 'b', 'c'] %}
{{ 'select' if loop.first else 'union all select' }} '{{ c }}' as letter, {{ loop.index0 }} as pos
{%- endfor %}
