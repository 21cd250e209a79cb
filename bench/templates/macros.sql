{% macro cents(column, digits=2) -%}
    round({{ column }} / 100.0, {{ digits }})
{%- endmacro %}

{% macro key_of(columns) -%}
    md5({% for column in columns %}coalesce(cast({{ column }} as varchar), ''){% if not loop.last %} || '-' || {% endif %}{% endfor %})
{%- endmacro %}

{% macro label(value, names) -%}
    {% if value in names %}{{ names[value] | upper }}{% else %}{{ value | default('none', true) }}{% endif %}
{%- endmacro %}

{% set names = {'a': 'alpha', 'b': 'beta', 'c': 'gamma'} %}

select
    {{ key_of(['order_id', 'line_number', 'product_id']) }} as line_key,
    {{ cents('price') }} as price,
    {{ cents('freight', 3) }} as freight,
    {{ cents(column='discount', digits=4) }} as discount,
    {% for value in ['a', 'b', 'c', 'd'] -%}
    '{{ label(value, names) }}' as {{ value }}_name{{ "," if not loop.last }}
    {% endfor %}
from {{ ref('stg_lines') }}
